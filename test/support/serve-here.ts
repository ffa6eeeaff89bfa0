/** Servers of `serve` in this process, which the running test drains. */
import { onTestFinished } from 'vitest'
import type { OwnOptions } from '../../server/config/own-options.ts'
import { type RunningServer, serve } from '../../server/serve.ts'
import type { ServeOptions } from '../../server/serve-options.ts'
import { testLane } from './demo-server.ts'

/** Starts one on a free port, without the environment. */
export async function serveHere<const Own extends OwnOptions>(
  options: Partial<ServeOptions<Own>>,
): Promise<RunningServer<Own>> {
  const argv = ['--port=0', '--log-level=silent', ...(options.argv ?? [])]
  const server = await serve({ env: {}, routes() {}, lane: testLane, ...options, argv, ownsProcess: false })
  onTestFinished(async () => void (await server.drain()))
  return server
}
