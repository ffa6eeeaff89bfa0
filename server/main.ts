/** The program `node server`: serves the demo, through the same `serve` that user programs call. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { version } from '../wire/version.ts'
import { createDemoServices, type DemoServices } from './demo.ts'
import { assertAvailable, isBrokerTopicHub, openTopicHub, serveTopicHub, topicHubChoice } from './open-topic-hub.ts'
import { serve } from './serve.ts'

/** How soon probes see that the broker is away, or back. */
const HUB_CHECK_MS = 1_000

const IMAGE = fileURLToPath(new URL('../gen/descriptors.binpb', import.meta.url))

/** Where a checkout has the page of the console, once it is built. */
const CONSOLE_FOLDER = fileURLToPath(new URL('../console/app/dist', import.meta.url))
const hasConsole = existsSync(`${CONSOLE_FOLDER}/index.html`)

let services: DemoServices | undefined

await serve({
  options: {
    page: { kind: 'boolean', default: true, help: 'serve the demo page' },
    // A secret, as the URL of a broker may have a password.
    hub: { kind: 'string', secret: true, accepts: topicHubChoice, help: 'what keeps the topics; without it, memory' },
  },
  openapi: {
    info: { title: 'Greeter', version },
    image: IMAGE,
    describes: ({ parent }) => parent.typeName === 'greeter.v1.GreeterService',
  },
  ...(hasConsole && { console: { title: 'Greeter', image: IMAGE, folder: CONSOLE_FOLDER, samples: true } }),
  async routes(router, { options, log, worker, health, onClose }) {
    if (!hasConsole) log.info('console is not served: "npx vite build console/app" builds its page')
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
