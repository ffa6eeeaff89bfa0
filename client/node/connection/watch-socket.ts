/** Watches a socket that is not in use yet for errors. */
import type { Socket } from 'node:net'
import { socketReason } from '../../../wire/http2/http2.ts'

/** Called at most once. */
export type OnSocketFault = (reason: string, cause?: Error) => void

/** Returns a function that stops watching, and leaves the socket unchanged. After a fault the socket is destroyed. */
export function watchSocket(socket: Socket, onFault: OnSocketFault): () => void {
  const stop = (): void => {
    socket.off('error', onError)
    socket.off('close', onClose)
  }
  function fail(reason: string, cause?: Error): void {
    stop()
    socket.on('error', () => {})
    socket.destroy()
    onFault(reason, cause)
  }
  const onError = (cause: Error): void => fail(socketReason(cause), cause)
  const onClose = (): void => fail('the connection was closed')
  socket.on('error', onError)
  socket.on('close', onClose)
  return stop
}
