"""Points the official SDK at the sandbox exchange: it must log in, subscribe, and receive
every market topic and both order topics, unchanged but for its base URL."""

import os
import sys
import threading

from settrade_v2 import context

# The SDK takes its address from an environment's name alone.
context.Context.base_url = property(lambda self: os.environ["SETTRADE_BASE_URL"], lambda self, _: None)

from settrade_v2 import Investor  # noqa: E402

WAIT = 30  # seconds, for what takes a second when all is well

investor = Investor(
    app_id=os.environ["SETTRADE_APP_ID"],
    app_secret=os.environ["SETTRADE_APP_SECRET"],
    app_code=os.environ["SETTRADE_APP_CODE"],
    broker_id=os.environ["SETTRADE_BROKER_ID"],
)
feed = investor.RealtimeDataConnection()
arrived = {}
failed = []


def wants(name, key, value):
    """A callback that waits for a successful message with that value; key may be a path."""
    arrived[name] = threading.Event()

    def callback(message, *_):
        if not message.get("is_success"):
            failed.append(f"{name}: {message}")
            return
        got = message["data"]
        for part in key.split("."):
            got = got.get(part)
        if got == value:
            arrived[name].set()
        else:
            failed.append(f"{name}: {key} is {got!r}, expected {value!r}")

    return callback


equity = os.environ["SETTRADE_EQUITY_ACCOUNT"]
derivatives = os.environ["SETTRADE_DERIVATIVES_ACCOUNT"]
subscriptions = [
    feed.subscribe_bid_offer("AOT", on_message=wants("bid offer", "symbol", "AOT")),
    feed.subscribe_price_info("AOT", on_message=wants("price info", "symbol", "AOT")),
    feed.subscribe_candlestick("PTT", "1m", on_message=wants("candlestick", "symbol", "PTT")),
    feed.subscribe_bid_offer("S50Z26", on_message=wants("derivatives bid offer", "symbol", "S50Z26")),
    feed.subscribe_equity_exchange_info("SET", on_message=wants("equity exchange info", "market_info.name", "SET")),
    feed.subscribe_derivatives_exchange_info("TFEX", on_message=wants("derivatives exchange info", "market_info.name", "TFEX")),
    feed.subscribe_equity_order(equity, on_message=wants("equity order", "account_no", equity)),
    feed.subscribe_derivatives_order(derivatives, on_message=wants("derivatives order", "account_no", derivatives)),
]
for s in subscriptions:
    s.start()
missing = [name for name, event in arrived.items() if not event.wait(WAIT)]
for s in subscriptions:
    s.stop()
for line in failed[:10]:
    print(line)
if missing or failed:
    sys.exit(f"the SDK did not receive: {', '.join(missing) or 'all as expected'}")
print(f"the SDK received: {', '.join(arrived)}")
os._exit(0)  # its network thread has no other end
