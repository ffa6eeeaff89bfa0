/** Joins the port's transports to the lane that answers calls: makes an exchange of each request. */

import { ErrorCode } from '../wire/http2/http2.ts'
import type { ErrorLog } from './interceptors/call-outcome.ts'
import type { CallEntry } from './listen/call-entry.ts'
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
  const onFault = (error: unknown) => log.error({ err: error }, 'a call broke off')
  return {
    paths: lane.paths,
    onFault,
    acceptHttp1(request, response, peer, memo) {
      const head = memo.head instanceof Http1Head ? memo.head : new Http1Head(request)
      memo.head = head
      const exchange = new Http1Exchange(request, response, { head, connection: peer, budget })
      try {
        lane.accept(exchange)
      } catch (error) {
        exchange.reset(ErrorCode.INTERNAL_ERROR)
        onFault(error)
      }
      return exchange
    },
    // What throws here is caught by the session, which resets the stream.
    acceptHttp2: (stream, head, peer) => lane.accept(new Http2Exchange(stream, head, peer)),
  }
}
