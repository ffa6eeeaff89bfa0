/** Serves the console: the page, what it is told about the server, and the descriptors of the API. */
import type { FastifyInstance } from 'fastify'
import type { ConsoleFacts, ConsoleProtocol } from '../../wire/console/console-facts.ts'
import { version } from '../../wire/version.ts'
import { addFile, addReaderFile, type FileAccess } from '../files/served-file.ts'
import { readComments } from '../openapi/comments/read-comments.ts'
import type { AdmitRequest } from '../routed/admit-request.ts'
import type { ApiFacts, CallerRule } from '../rpc/api-facts.ts'
import type { PreparedServer, ServerPages } from '../rpc/middleware.ts'
import type { ReflectedTypes } from '../services/reflection/descriptor-index.ts'
import { type ConsoleOptions, consoleFaults, DEFAULT_CONSOLE_PATH } from './console-options.ts'
import { descriptorsFile } from './descriptors-file.ts'
import { addPage, findPage, PAGE_HEADERS, readPage } from './page-files.ts'

/** What the console shows. */
export interface ConsoleServer {
  readonly app: FastifyInstance
  readonly log: PreparedServer['log']
  readonly api: ApiFacts
  readonly protocols: readonly ConsoleProtocol[]
  readonly pages: ServerPages
  /** What reflection shows. */
  readonly types: ReflectedTypes
  /** The names of the services of the program, of which an image must have one. */
  readonly services: readonly string[]
  /** Refuses callers that may not read the descriptors. */
  readonly admit: AdmitRequest
  /** Whom the descriptors are for; undefined if nothing identifies callers. */
  readonly rule: CallerRule | undefined
}

/** A console that is there already. */
interface Mounted {
  /** That of the calls that the page makes. */
  readonly prefix: string
  readonly authorize: ConsoleOptions['authorize']
}

/** By server and path. */
const MOUNTED = new WeakMap<object, Map<string, Mounted>>()

/**
 * Adds the routes. Plugins that serve calls under the same prefix share the console of the first one.
 *
 * @throws RangeError that names every invalid option; Error if the page is not there, or another plugin has the path
 */
export async function mountConsole(server: ConsoleServer, options: ConsoleOptions): Promise<void> {
  const faults = consoleFaults(options)
  if (faults.length > 0) throw new RangeError(`console: ${faults.join('; ')}`)
  const { path = DEFAULT_CONSOLE_PATH, folder, image, authorize } = options
  const { app, api, log, types, services, admit } = server
  if (isShared(app, app.prefix + path, { prefix: api.prefix, authorize })) return
  const files = await readPage(folder ?? findPage())
  const comments = image === undefined ? new Map<string, string>() : await readComments(image, services)
  const access: FileAccess = {
    authorize,
    onFault: (error) => log.error({ err: error }, 'file of the console could not be served'),
  }
  addPage(app, path, files, access)
  addFile(
    app,
    {
      path: `${path}/facts.json`,
      contentType: 'application/json',
      headers: PAGE_HEADERS,
      isCompressed: true,
      content: () => JSON.stringify(factsOf(server, options)),
    },
    access,
  )
  addReaderFile(app, descriptorsFile({ path: `${path}/descriptors.binpb`, types, comments, admit, log }), access)
  log.debug({ path: `${app.prefix}${path}/` }, 'console is served')
}

/** @throws Error if the page of another plugin would be in the way, or open to callers that this one refuses */
function isShared({ server }: FastifyInstance, path: string, { prefix, authorize }: Mounted): boolean {
  const byPath = MOUNTED.get(server) ?? new Map<string, Mounted>()
  MOUNTED.set(server, byPath)
  const known = byPath.get(path)
  if (known === undefined) {
    byPath.set(path, { prefix, authorize })
    return false
  }
  if (known.prefix !== prefix) {
    throw new Error(
      `console: ${path} is the console for calls under "${known.prefix}": set console.path for "${prefix}"`,
    )
  }
  if (known.authorize !== authorize) {
    throw new Error(`console: plugins that share ${path} need the same console.authorize`)
  }
  return true
}

function factsOf(
  { app: { prefix }, api, protocols, pages, rule }: ConsoleServer,
  { path = DEFAULT_CONSOLE_PATH, title = 'API', samples = false }: ConsoleOptions,
): ConsoleFacts {
  return {
    title,
    version,
    prefix: api.prefix,
    protocols,
    needsCredentials: rule?.requirement === 'required',
    schemes: api.callers?.schemes ?? {},
    descriptorsPath: `${prefix}${path}/descriptors.binpb`,
    metricsPath: pages.metrics === undefined ? null : prefix + pages.metrics,
    docsPath: pages.docs === undefined ? null : prefix + pages.docs,
    isDemo: samples,
  }
}
