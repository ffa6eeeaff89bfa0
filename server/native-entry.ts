/** Joins the port's transports to the lane that answers calls: makes an exchange of each request. */

import { ErrorCode } from '../wire/http2/http2.ts'
import { type ErrorLog, guardLog } from './interceptors/guard-log.ts'
import type { CallEntry } from './listen/call-entry.ts'
import type { Exchange } from './rpc/exchange/exchange.ts'
import type { MemoryBudget } from './rpc/exchange/held-bytes.ts'
import { Http1Exchange } from './rpc/exchange/http1-exchange.ts'
import { Http1Head } from './rpc/exchange/http1-head.ts'
import { Http2Exchange } from './rpc/exchange/http2-exchange.ts'
import type { NativeLane } from './rpc/native-lane.ts'

/** What an entry needs beside its lane. */
export interface NativeEntryOptions {
  /** Where faults of our own go; the port goes on. */
  readonly log: ErrorLog
  /** What requests over HTTP/1.1 hold counts here, beside what HTTP/2 holds. */
  readonly budget: MemoryBudget
}

/** Makes what a port calls of a lane. */
export function createNativeEntry(lane: NativeLane, { log, budget }: NativeEntryOptions): CallEntry {
  const faults = guardLog(log)
  const onFault = (error: unknown) => faults.error({ err: error }, 'a call broke off')
  /** A fault of our own ends the one exchange, and gives its place back. */
  const accept = (exchange: Exchange) => {
    try {
      lane.accept(exchange)
    } catch (error) {
      onFault(error)
      exchange.reset(ErrorCode.INTERNAL_ERROR)
      exchange.release()
    }
  }
  return {
    paths: lane.paths,
    onFault,
    acceptHttp1(request, response, peer, memo) {
      const head = memo.head instanceof Http1Head ? memo.head : new Http1Head(request)
      memo.head = head
      const exchange = new Http1Exchange(request, response, { head, connection: peer, budget })
      accept(exchange)
      return exchange
    },
    acceptHttp2: (stream, head, peer) => accept(new Http2Exchange(stream, head, peer)),
  }
}
