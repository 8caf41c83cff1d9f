"""An RTSP server of Debian's GStreamer packages, run by the system's own Python.

    /usr/bin/python3 rtsp_server.py [--login USER:PASSWORD] [--port 0] [--sound] NAME=FILE…

Prints its port. Each NAME is a camera that loops the access units of FILE, which `pictures.py`
writes, at their own pace. Commands on standard input, one a line: `use NAME FILE` goes on with
another file, `hold NAME` sends nothing more, `go NAME` sends again; each is answered with `done`.
It ends with its standard input.
"""

import argparse
import struct
import sys
import threading
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

HEAD = struct.Struct(">IIB")
SECOND = 1_000_000_000


def read_units(path):
    """Codec, frames a second and (access unit, is a key frame) of each."""
    with open(path, "rb") as file:
        codec, fps = file.readline().decode().split()
        units = []
        while head := file.read(HEAD.size):
            size, _number, key = HEAD.unpack(head)
            units.append((file.read(size), bool(key)))
    return codec, int(fps), units


class Camera:
    def __init__(self, path, sound):
        self.codec, self.fps, self.units = read_units(path)
        self.next_units = None
        self.held = False
        self.sound = sound

    def launch(self):
        pay = {"h264": "rtph264pay", "hevc": "rtph265pay"}[self.codec]
        caps = {"h264": "video/x-h264", "hevc": "video/x-h265"}[self.codec]
        line = (
            f"( appsrc name=eye is-live=true format=time block=false max-bytes=0 "
            f"caps={caps},stream-format=byte-stream,alignment=au,framerate={self.fps}/1 "
            f"! {pay} name=pay0 pt=96 config-interval=-1"
        )
        if self.sound:
            line += " audiotestsrc is-live=true ! audio/x-raw,rate=8000,channels=1"
            line += " ! alawenc ! rtppcmapay name=pay1 pt=8"
        return line + " )"

    def configure(self, _factory, media):
        source = media.get_element().get_by_name_recurse_up("eye")
        stop = threading.Event()
        media.connect("unprepared", lambda *_: stop.set())
        threading.Thread(target=self.feed, args=(source, stop), daemon=True).start()

    def feed(self, source, stop):
        units = self.units
        at, number, begun = 0, 0, time.monotonic()
        while not stop.is_set():
            if at == 0 and self.next_units:
                units = self.units = self.next_units
                self.next_units = None
            if not self.held:
                buffer = Gst.Buffer.new_wrapped(units[at][0])
                buffer.pts = buffer.dts = number * SECOND // self.fps
                buffer.duration = SECOND // self.fps
                if source.emit("push-buffer", buffer) != Gst.FlowReturn.OK:
                    return
                at = (at + 1) % len(units)
            number += 1
            stop.wait(max(0, begun + number / self.fps - time.monotonic()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--login")
    parser.add_argument("--port", default="0")
    parser.add_argument("--sound", action="store_true")
    parser.add_argument("cameras", nargs="+")
    asked = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(asked.port)
    cameras = {}
    for each in asked.cameras:
        name, _, path = each.partition("=")
        camera = cameras[name] = Camera(path, asked.sound)
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(camera.launch())
        factory.set_shared(True)
        factory.connect("media-configure", camera.configure)
        if asked.login:
            permissions = GstRtspServer.RTSPPermissions()
            permissions.add_permission_for_role("user", "media.factory.access", True)
            permissions.add_permission_for_role("user", "media.factory.construct", True)
            factory.set_permissions(permissions)
        server.get_mount_points().add_factory(f"/{name}", factory)
    if asked.login:
        user, _, password = asked.login.partition(":")
        auth = GstRtspServer.RTSPAuth()
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "user")
        auth.add_digest(user, password, token)
        server.set_auth(auth)
    loop = GLib.MainLoop()
    if not server.attach(None):
        sys.exit("cannot listen")
    print(server.get_bound_port(), flush=True)

    def obey():
        for line in sys.stdin:
            word, name, *rest = line.split()
            if word == "use":
                cameras[name].next_units = read_units(rest[0])[2]
            cameras[name].held = word == "hold"
            print("done", flush=True)
        loop.quit()

    threading.Thread(target=obey, daemon=True).start()
    loop.run()


if __name__ == "__main__":
    main()
