/** Converts channels and subchannels to the JSON of channelz. */

import type {
  ChannelDataJson,
  ChannelJson,
  ChannelTraceJson,
  SocketRef,
  SubchannelJson,
  SubchannelRef,
  TraceEventJson,
} from '../../../wire/channelz/channelz-data.ts'
import { wallTime } from '../../../wire/channelz/wall-time.ts'
import type { Clock } from '../../../wire/http2/http2.ts'
import { addressText } from '../contracts/endpoint.ts'
import type { SocketRecord } from '../contracts/socket-record.ts'
import type { ChannelRecord } from './channel-record.ts'
import type { SubchannelRecord } from './subchannel-record.ts'
import type { Trace, TracedSubchannel, TraceEvent } from './trace.ts'

/** @param clock the clock of the record's call times */
export function channelJson(record: ChannelRecord, clock: Clock): ChannelJson {
  return {
    ref: { channelId: record.id, name: record.target },
    data: dataJson(record, record.target, clock),
    subchannelRef: [...record.subchannels.values()].map(subchannelRef),
  }
}

/** @param clock the clock of the record's call times */
export function subchannelJson(record: SubchannelRecord, clock: Clock): SubchannelJson {
  return {
    ref: subchannelRef(record),
    data: dataJson(record, addressText(record.address), clock),
    socketRef: record.sockets.map(socketRef),
  }
}

/** Returns a reference to a socket. */
export function socketRef(record: SocketRecord): SocketRef {
  return { socketId: record.id, name: addressText(record.facts().remote) }
}

function subchannelRef({ id, address }: TracedSubchannel): SubchannelRef {
  return { subchannelId: id, name: addressText(address) }
}

function dataJson(
  { state, trace, calls }: Pick<ChannelRecord, 'state' | 'trace' | 'calls'>,
  target: string,
  clock: Clock,
): ChannelDataJson {
  const lastStartedAt = wallTime(clock, calls.lastStartedAtMs)
  return {
    state: { state },
    target,
    trace: traceJson(trace),
    callsStarted: calls.started,
    callsSucceeded: calls.succeeded,
    callsFailed: calls.failed,
    ...(lastStartedAt && { lastCallStartedTimestamp: lastStartedAt.toISOString() }),
  }
}

function traceJson({ count, createdAt, events }: Trace): ChannelTraceJson {
  return {
    numEventsLogged: count,
    creationTimestamp: createdAt.toISOString(),
    events: events.map(eventJson),
  }
}

function eventJson({ description, severity, at, subchannel }: TraceEvent): TraceEventJson {
  return {
    description,
    severity,
    timestamp: at.toISOString(),
    ...(subchannel && { subchannelRef: subchannelRef(subchannel) }),
  }
}
