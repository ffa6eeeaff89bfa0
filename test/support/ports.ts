/** Ports of servers that cannot report when they listen, or where. */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { startListening } from './start-listening.ts'

/** Returns a port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const { port, close } = await startListening(createServer())
  await close()
  return port
}

/** Whether something accepts connections at a port of 127.0.0.1, or at the path of a Unix socket. */
export async function accepts(place: string | number): Promise<boolean> {
  const socket = typeof place === 'string' ? connect(place) : connect(place, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
