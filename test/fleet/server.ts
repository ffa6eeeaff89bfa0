/** A Portico server as a program. Each SIGUSR2 toggles its health between SERVING and NOT_SERVING. */
import type { AddressInfo } from 'node:net'
import { createDemo } from '../../server/demo.ts'

const WHOLE_SERVER = ''

const { fastify, health, drain } = await createDemo({ servesPage: false })
let isServing = true
process.on('SIGUSR2', () => {
  isServing = !isServing
  health.setStatus(WHOLE_SERVER, isServing ? 'SERVING' : 'NOT_SERVING')
})
process.once('SIGTERM', async () => process.exit((await drain()) ? 0 : 1))
await fastify.listen({ host: '127.0.0.1', port: 0 })
process.stdout.write(`listening at 127.0.0.1:${(fastify.server.address() as AddressInfo).port}\n`)
