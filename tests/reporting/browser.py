"""A page in Chromium, over its DevTools protocol; tornado comes with distributed."""

import asyncio
import base64
import contextlib
import json
import shutil
import subprocess
from dataclasses import dataclass
from urllib.request import Request, urlopen

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)


@dataclass
class Page:
    """What a page did when it was opened, and how wide it is."""

    requests: list
    failed: list
    errors: list
    width: int
    found: dict
    screenshot: bytes


def open_page(path, folder, *, width, height, questions=None):
    """Open a local file where no host can be found; `questions` are expressions to evaluate."""
    return asyncio.run(_open_page(path, folder, width, height, questions or {}))


async def _open_page(path, folder, width, height, questions):
    from tornado.websocket import websocket_connect

    arguments = [
        CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--no-first-run", "--disable-background-networking", "--disable-component-update",
        "--remote-debugging-port=0", f"--user-data-dir={folder}",
        "--host-resolver-rules=MAP * ~NOTFOUND", "about:blank",
    ]  # fmt: skip
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        port = await _port(folder / "DevToolsActivePort")
        new = Request(f"http://127.0.0.1:{port}/json/new?about:blank", method="PUT")
        with urlopen(new) as answer:
            target = json.load(answer)
        # Screenshots are larger than tornado's default.
        socket = await websocket_connect(
            target["webSocketDebuggerUrl"], max_message_size=2**29, ping_interval=None
        )
        session = _Session(socket)
        for domain in ("Page", "Network", "Runtime", "Log"):
            await session.call(f"{domain}.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        await session.call("Emulation.setDeviceMetricsOverride", **size)
        await session.call("Page.navigate", url=path.as_uri())
        await session.wait_for("Page.loadEventFired")
        await session.call("Runtime.evaluate", expression=SETTLE, awaitPromise=True)
        found = {name: await session.ask(text) for name, text in questions.items()}
        across = await session.ask("document.documentElement.scrollWidth")
        shot = await session.call(
            "Page.captureScreenshot", captureBeyondViewport=True, clip=await _whole(session)
        )
        socket.close()
        while await socket.read_message() is not None:
            pass
        return _told(session.events, found, across, base64.b64decode(shot["data"]))
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


SETTLE = "new Promise(done => setTimeout(done, 500))"


async def _port(file):
    for _ in range(300):
        if file.exists() and file.read_text():
            return int(file.read_text().split()[0])
        await asyncio.sleep(0.1)
    raise TimeoutError("Chromium did not start within 30 s.")


async def _whole(session):
    size = await session.ask(
        "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    return {"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1}


def _told(events, found, across, screenshot):
    told = Page([], [], [], across, found, screenshot)
    for event in events:
        what, params = event["method"], event["params"]
        if what == "Network.requestWillBeSent":
            told.requests.append(params["request"]["url"][:200])
        elif what == "Network.loadingFailed":
            told.failed.append(params["errorText"])
        elif what == "Runtime.exceptionThrown":
            told.errors.append(params["exceptionDetails"])
        elif what == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            told.errors.append(params["args"])
        elif what == "Log.entryAdded" and params["entry"]["level"] == "error":
            told.errors.append(params["entry"]["text"])
    return told


class _Session:
    """Calls and their answers; events are kept."""

    def __init__(self, socket):
        self.socket, self.events, self.n_calls = socket, [], 0

    async def call(self, method, **params):
        self.n_calls += 1
        number = self.n_calls
        await self.socket.write_message(
            json.dumps({"id": number, "method": method, "params": params})
        )
        while True:
            message = await self._next()
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]

    async def ask(self, expression):
        told = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    async def wait_for(self, method):
        while not any(event["method"] == method for event in self.events):
            await self._next()

    async def _next(self):
        text = await asyncio.wait_for(self.socket.read_message(), 60)
        assert text is not None, "Chromium closed the connection."
        message = json.loads(text)
        if "method" in message:
            self.events.append(message)
        return message
