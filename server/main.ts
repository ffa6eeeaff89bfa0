/** The program `node server`: serves the demo, through the same `serve` that user programs call. */
import { createDemoServices } from './demo.ts'
import { serve } from './serve.ts'

const services = createDemoServices()

await serve({
  options: { page: { kind: 'boolean', default: true, help: 'serve the demo page' } },
  routes: (router, { log }) => services.register(router, log),
  setup: (fastify, { options }) => services.attach(fastify, options.page),
})
