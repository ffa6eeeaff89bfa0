/** Notices that a connection closes before the turn of a pipelined response has come. */
import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * Calls back when the connection of a request closes. A response of node:http that waits behind another one has no socket yet,
 * and not every version of Node closes it with the connection.
 */
export function watchPipelined({ socket }: IncomingMessage, response: ServerResponse, onClose: () => void): void {
  socket.setMaxListeners(0)
  socket.once('close', onClose)
  response.once('close', () => socket.off('close', onClose))
}
