from django.db import migrations

_FORWARDS = """
CREATE FUNCTION accounts_access_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- old entries may be forgotten, but none of the last six months
  IF TG_OP = 'DELETE' AND OLD.at < now() - interval '180 days' THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'entries of the access log are neither changed nor removed';
END
$$;
CREATE TRIGGER accounts_access_append_only BEFORE UPDATE OR DELETE ON accounts_accessentry
FOR EACH ROW EXECUTE FUNCTION accounts_access_append_only();
"""

_BACKWARDS = """
DROP TRIGGER accounts_access_append_only ON accounts_accessentry;
DROP FUNCTION accounts_access_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_people_links_access")]

    operations = [migrations.RunSQL(_FORWARDS, _BACKWARDS)]
