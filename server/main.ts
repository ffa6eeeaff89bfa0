/** The program `node server`: serves the demo, through the same `serve` that user programs call. */
import { fileURLToPath } from 'node:url'
import { version } from '../wire/version.ts'
import { createDemoServices } from './demo.ts'
import { serve } from './serve.ts'

const services = createDemoServices()

await serve({
  options: { page: { kind: 'boolean', default: true, help: 'serve the demo page' } },
  openapi: {
    info: { title: 'Greeter', version },
    image: fileURLToPath(new URL('../gen/descriptors.binpb', import.meta.url)),
    describes: ({ parent }) => parent.typeName === 'greeter.v1.GreeterService',
  },
  routes: (router, { log }) => services.register(router, log),
  setup: (fastify, { options }) => services.attach(fastify, options.page),
})
