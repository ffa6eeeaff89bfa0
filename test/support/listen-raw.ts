/** Third-party servers in tests: on a local port, until the running test ends. */
import type { ListenOptions, Server } from 'node:net'
import { onTestFinished } from 'vitest'
import { startListening } from './start-listening.ts'

/**
 * Makes it listen, and returns its port. When the running test ends its connections are cut, and it is closed.
 *
 * @param where as of `startListening`
 */
export async function listenRaw(server: Server, where?: ListenOptions): Promise<number> {
  const { port, close } = await startListening(server, where)
  onTestFinished(close)
  return port
}
