"""A year of the city, made straight into the record table: what intake would have stored of it.

calendar   how busy a day and an hour are: season, week, holidays, the rhythm of each kind of unit
units      which units there are, how much passes each, which terminals stand there
fleet      the trucks: measured axles, plates that return to the same few units, tares that last
loads      how heavy a truck leaves: the measured spread, and the share above the limit
passages   what happens at one terminal in one day, as records
chains     records linked, signed and packed as rows
storing    rows, heads, signed batches and counts of some days, in one transaction
worker     one process: its terminals, day by day
entering   units, terminals and people, by the platform's own services
preparing  which days, which fill, where each chain ends; the terminals divided among processes
filling    all of it: processes, progress, going on where it ended
shares     the distributions of what was filled, counted in the database

Days begin at four in the morning of the Chinese clock, when gates are quietest: no passage lies
across that hour. What a terminal does in a day depends on the seed, its code and the day alone, so
a fill that was interrupted goes on where it ended.
"""
