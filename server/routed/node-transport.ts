/** Creates an exchange from a request and a response of Node, in either HTTP version. */
import type { ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse, Http2Session } from 'node:http2'
import { MemorySocket } from '../listen/forwarded/memory-socket.ts'
import { http1ConnectionOf } from '../listen/http1-connection.ts'
import { RequestObservation } from '../listen/request-observation.ts'
import { trafficOf } from '../listen/traffic.ts'
import type { ExchangeConnection } from '../rpc/exchange/exchange.ts'
import { Http1Exchange } from '../rpc/exchange/http1-exchange.ts'
import { readConnection } from '../rpc/exchange/node-connection.ts'
import type { NodeExchange, NodeExchangeInit } from '../rpc/exchange/node-exchange.ts'
import { NodeHttp2Exchange } from '../rpc/exchange/node-http2-exchange.ts'
import { isHttp2, type NodeRequest, type NodeResponse } from '../rpc/exchange/node-request.ts'

/** Creates the exchange. Nothing may have touched the response before. */
export function createNodeTransport(
  request: NodeRequest,
  response: NodeResponse,
  { head, budget }: Pick<NodeExchangeInit, 'head' | 'budget'>,
): NodeExchange {
  // On a port, the observation has started already. Otherwise the call starts it.
  const observation = RequestObservation.of(request)?.handOver()
  const init = { head, budget, connection: connectionOf(request), observation }
  if (isHttp2(request)) {
    return tellStalls(new NodeHttp2Exchange(request, response as Http2ServerResponse, init), request)
  }
  return tellStalls(new Http1Exchange(request, response as ServerResponse, init), request)
}

/** The port watches for stalls, but does not know the exchange. */
function tellStalls<E extends NodeExchange>(exchange: E, request: NodeRequest): E {
  const traffic = trafficOf(request)
  if (traffic !== undefined) traffic.onStall = (fault, isAnswered) => exchange.onStall(fault, isAnswered)
  return exchange
}

/** Returns the connection of a request. One of our own HTTP/2 has that of its carrier. */
export function connectionOf(request: NodeRequest): ExchangeConnection {
  if (isHttp2(request)) return http2ConnectionOf(request)
  const { socket } = request
  return socket instanceof MemorySocket ? socket.carrier.connection : http1ConnectionOf(request)
}

/** One object per session, as the calls of a connection must share it. */
const connections = new WeakMap<Http2Session, ExchangeConnection>()

function http2ConnectionOf({ stream, socket }: Http2ServerRequest): ExchangeConnection {
  const session = stream.session
  if (session === undefined) return { remoteAddress: '', remotePort: 0, peer: '', isEncrypted: false, httpVersion: '2' }
  let connection = connections.get(session)
  if (connection === undefined) {
    connection = readConnection(socket, '2')
    connections.set(session, connection)
  }
  return connection
}
