/**
 * Our server: `node portico.ts LANE [--access-log | --hook]`. The access log goes to standard output, as in production; the hook does
 * nothing, and has every call run through Fastify.
 */
import type { AddressInfo } from 'node:net'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { createApp } from '../../server/app.ts'
import { createGreeterService } from '../../server/demo/greeter/greeter-service.ts'
import { createMemoryTopicHub } from '../../server/demo/topics/memory-topic-hub.ts'
import { LANES } from '../../server/rpc/lane.ts'
import { loadPino } from '../../server/telemetry/load-pino.ts'
import { createLogger } from '../../server/telemetry/logger.ts'
import { BenchService } from '../gen/bench/v1/bench_pb.js'
import { announce } from './announce.ts'
import { benchService } from './bench-service.ts'

const [name, flag] = process.argv.slice(2)
const lane = LANES.find((known) => known === name)
if (lane === undefined) throw new Error(`the lane is "${name}": it must be one of ${LANES.join(', ')}`)

const { fastify } = await createApp({
  lane,
  ...(flag === '--access-log' ? { logger: createLogger(await loadPino(), { level: 'info', format: 'json' }) } : {}),
  routes(router) {
    router.service(GreeterService, createGreeterService(createMemoryTopicHub()))
    router.service(BenchService, benchService)
  },
})
if (flag === '--hook') fastify.addHook('onRequest', async () => {})
await fastify.listen({ host: '127.0.0.1', port: 0 })
announce(fastify.server.address() as AddressInfo)
