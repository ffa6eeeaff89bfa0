/** Ports for servers that cannot report the port they chose. */
import { createServer } from 'node:net'
import { startListening } from './start-listening.ts'

/** Returns a port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const { port, close } = await startListening(createServer())
  await close()
  return port
}
