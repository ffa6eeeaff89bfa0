/** The options of what a server shows of itself: metrics, the OpenAPI document, and the console. */
import { optionalInteger, optionalPath, optionalRoute, toggle } from './kinds.ts'
import { option } from './option.ts'

/** Part of the table of all options. */
export const shownOptions = {
  metrics: option({
    env: 'PORTICO_METRICS',
    kind: toggle,
    default: false,
    help: 'measure calls, and serve /metrics for Prometheus; needs the package prom-client',
    sets: ['metrics'],
  }),
  'metrics-port': option({
    env: 'PORTICO_METRICS_PORT',
    kind: optionalInteger(0, 65_535),
    default: null,
    help: 'serve /metrics on a port of its own, to all that reach it, rather than on --port to callers on this machine; turns --metrics on',
    sets: ['metrics.port'],
  }),
  'metrics-token-file': option({
    env: 'PORTICO_METRICS_TOKEN_FILE',
    kind: optionalPath,
    default: null,
    help: 'file with a token that readers of /metrics must send as Authorization: Bearer; turns --metrics on',
    sets: ['metrics.tokenFile'],
  }),
  openapi: option({
    env: 'PORTICO_OPENAPI',
    kind: toggle,
    default: false,
    help: 'serve the OpenAPI document at /openapi.json, and at /openapi.yaml if the package yaml is installed',
    sets: ['openapi'],
  }),
  'openapi-image': option({
    env: 'PORTICO_OPENAPI_IMAGE',
    kind: optionalPath,
    default: null,
    help: 'image of buf with the comments of the API, written by "buf build -o"; turns --openapi on',
    sets: ['openapi.image'],
  }),
  'openapi-docs': option({
    env: 'PORTICO_OPENAPI_DOCS',
    kind: optionalRoute,
    default: null,
    help: 'path of a page that shows the document, such as /docs; needs the package portico-console; turns --openapi on',
    sets: ['openapi.docs'],
  }),
  console: option({
    env: 'PORTICO_CONSOLE',
    kind: toggle,
    default: false,
    help: 'serve a page at /console that shows the API and calls its methods; needs the package portico-console',
    sets: ['console'],
  }),
  'console-image': option({
    env: 'PORTICO_CONSOLE_IMAGE',
    kind: optionalPath,
    default: null,
    help: 'image of buf with the comments that the page shows, written by "buf build -o"; turns --console on',
    sets: ['console.image'],
  }),
} as const
