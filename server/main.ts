/** The program `node server`: serves the demo, through the same `serve` that user programs call. */
import { fileURLToPath } from 'node:url'
import { version } from '../wire/version.ts'
import { createDemoServices, type DemoServices } from './demo.ts'
import { assertAvailable, isBrokerTopicHub, openTopicHub, serveTopicHub, topicHubChoice } from './open-topic-hub.ts'
import { serve } from './serve.ts'

/** How soon probes see that the broker is away, or back. */
const HUB_CHECK_MS = 1_000

let services: DemoServices | undefined

await serve({
  options: {
    page: { kind: 'boolean', default: true, help: 'serve the demo page' },
    // A secret, as the URL of a broker may have a password.
    hub: { kind: 'string', secret: true, accepts: topicHubChoice, help: 'what keeps the topics; without it, memory' },
  },
  openapi: {
    info: { title: 'Greeter', version },
    image: fileURLToPath(new URL('../gen/descriptors.binpb', import.meta.url)),
    describes: ({ parent }) => parent.typeName === 'greeter.v1.GreeterService',
  },
  async routes(router, { options, log, worker, health, onClose }) {
    const hub = await openTopicHub(options.hub ?? 'memory', { worker, log })
    onClose(() => hub.close())
    if (isBrokerTopicHub(hub)) {
      health.addCheck('topics', { check: () => assertAvailable(hub), intervalMs: HUB_CHECK_MS })
    }
    services = createDemoServices({ hub })
    services.register(router, log)
  },
  setup: (fastify, { options }) => services?.attach(fastify, options.page),
  primary: (link, { options }) => serveTopicHub(options.hub ?? 'memory', link),
})
