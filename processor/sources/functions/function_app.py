"""The function app's entry: the trigger and its retry policy. All else is in processor/azure_functions.py.

`%NAME%` and the connection's name are read from the app's settings. The connection is identity-based:
HOMESHORE_EVENTS__fullyQualifiedNamespace, HOMESHORE_EVENTS__credential and HOMESHORE_EVENTS__clientId.
"""

from typing import List  # noqa: UP035 - the worker's check of the parameter knows no other

import azure.functions as func

from processor import azure_functions

app = func.FunctionApp()


# Event Hubs' checkpoint moves on when an invocation has ended, failed or not, unless a retry policy is still at work.
# -1 is without end: only storage, key or identity can fail a batch, and then its partition waits for them, at most as
# long as the hub retains. The policy stands here because Event Hubs knows it per function only: one in host.json is
# ignored. The count lives in the instance's memory; another instance begins anew from the checkpoint, losing nothing.
@app.function_name("process")
@app.event_hub_message_trigger(
    arg_name="events",
    connection="HOMESHORE_EVENTS",
    event_hub_name="%HOMESHORE_STREAM%",
    consumer_group="%HOMESHORE_CONSUMER_GROUP%",
    cardinality=func.Cardinality.MANY,
    data_type=func.DataType.BINARY,  # as text, bytes that are no UTF-8 would be replaced before we see them
)
@app.retry(
    strategy="exponential_backoff",
    max_retry_count="-1",
    minimum_interval="00:00:02",
    maximum_interval="00:05:00",
)
def process(events: List[func.EventHubEvent]) -> None:  # noqa: UP006 - as said above
    """Store one batch of one partition."""
    azure_functions.handle(events)
