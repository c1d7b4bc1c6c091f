"""Loaded by Python before moto_server, which test/support/moto.ts starts with this folder on PYTHONPATH.

moto says of Shard.put_record: "this function is not safe for concurrency". Two puts at the same moment may get the same
sequence number, and then the stream has one of them only. AWS does not lose it, so puts wait for each other here.

A test sets SWITCH_SECONDS to a small number: threads then take turns so often that the race shows without the lock.
"""

import functools
import os
import sys
import threading

from moto.kinesis.models import Shard

_lock = threading.Lock()
_put_record = Shard.put_record


@functools.wraps(_put_record)
def put_record(*args, **kwargs):
    with _lock:
        return _put_record(*args, **kwargs)


Shard.put_record = put_record

if "SWITCH_SECONDS" in os.environ:
    sys.setswitchinterval(float(os.environ["SWITCH_SECONDS"]))
