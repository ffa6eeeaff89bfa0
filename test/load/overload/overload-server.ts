/** The backend of the overload: each call uses a fixed amount of processor time. `node overload-server.ts [adaptive]` */
import { createHash } from 'node:crypto'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { createApp } from '../../../server/app.ts'
import { adaptiveLimit } from '../../../server/limits/adaptive-limit.ts'

const BLOCK = Buffer.alloc(16_000_000)
/** What a call costs on a quiet machine. */
const CALL_MS = 2
const ATTEMPTS = 20

const limit = adaptiveLimit()
const app = await createApp({
  logger: false,
  listen: { drainTimeoutMs: 0 },
  middleware: process.argv[2] === 'adaptive' ? [limit] : [],
  routes: (router) =>
    router.service(GreeterService, {
      async sayHello() {
        work()
        return {}
      },
    }),
})

const piece = BLOCK.subarray(0, pieceBytes())
const origin = await app.fastify.listen({ port: 0, host: '127.0.0.1' })
process.stdout.write(`process ${process.pid} listens at ${origin}\n`)
process.once('SIGTERM', () => void app.drain())

function work(): void {
  createHash('sha256').update(piece).digest()
}

/** How many bytes take `CALL_MS` of processor time to hash: wall time would count that of other programs. */
function pieceBytes(): number {
  const start = process.cpuUsage()
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) createHash('sha256').update(BLOCK).digest()
  const { user, system } = process.cpuUsage(start)
  const blockMs = (user + system) / 1_000 / ATTEMPTS
  return Math.min(BLOCK.length, Math.round((BLOCK.length * CALL_MS) / blockMs))
}
