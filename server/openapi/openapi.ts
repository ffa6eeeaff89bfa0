/** Serves the OpenAPI document of a server, and a page that shows it. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { FastifyInstance } from 'fastify'
import { checkOptions } from '../../wire/options/check-options.ts'
import { addFile, type FileAccess, type ServedFile } from '../files/served-file.ts'
import type { ApiFacts } from '../rpc/api-facts.ts'
import type { Middleware, PreparedServer } from '../rpc/middleware.ts'
import { resolveRestOptions } from '../rpc/protocols/rest/resolve-rest-options.ts'
import { type Comments, commentOf } from './comments/comments-of.ts'
import { readComments } from './comments/read-comments.ts'
import type { OpenApiDocument } from './model/document.ts'
import { OPENAPI_PROTOCOLS } from './model/openapi-options.ts'
import { addReferencePage, findScalar } from './serve/reference-page.ts'
import {
  DEFAULT_DOCS_PATH,
  DEFAULT_DOCUMENT_PATH,
  isOfProgram,
  OPENAPI_ROUTE_SHAPE,
  type OpenApiRouteOptions,
  routeFaults,
} from './serve/route-options.ts'

/**
 * Serves the OpenAPI document of a server as JSON, and as YAML if the package `yaml` is installed. `serve` and `createApp` add it for
 * their option `openapi`.
 *
 *     middleware: [openapi({ info: { title: 'Shop', version: '1.0.0' }, image: 'gen/descriptors.binpb' })]
 *
 * @throws RangeError that names every invalid and every unknown option
 */
export function openapi(options: OpenApiRouteOptions = {}): Middleware {
  checkOptions('openapi', options, OPENAPI_ROUTE_SHAPE)
  const faults = routeFaults(options)
  if (faults.length > 0) throw new RangeError(`openapi: ${faults.join('; ')}`)
  const { describes = ({ parent }) => isOfProgram(parent.typeName), docs = false } = options
  const shared = new SharedMethods()
  return {
    name: 'openapi',
    appliesTo: () => false,
    ...(docs !== false && { pages: { docs: docs === true ? DEFAULT_DOCS_PATH : docs } }),
    async prepare(server) {
      if (server.app === undefined)
        throw new Error('openapi: nodeHandler has no routes: serve what createOpenApiDocument returns')
      const { methods, isFirst } = shared.add(server.app, server.api.prefix, server.methods.filter(describes))
      if (isFirst) await addRoutes(server.app, { ...server, methods }, options)
    },
  }
}

/** The methods of a document. Plugins of one server that have the same prefix share a document. */
class SharedMethods {
  readonly #servers = new WeakMap<object, Map<string, DescMethod[]>>()

  /** @returns all methods of the document, to which later ones are added */
  add({ server }: FastifyInstance, prefix: string, added: readonly DescMethod[]) {
    const byPrefix = this.#servers.get(server) ?? new Map<string, DescMethod[]>()
    this.#servers.set(server, byPrefix)
    const known = byPrefix.get(prefix)
    const methods = known ?? []
    methods.push(...added)
    byPrefix.set(prefix, methods)
    return { methods, isFirst: known === undefined }
  }
}

async function addRoutes(app: FastifyInstance, server: PreparedServer, options: OpenApiRouteOptions): Promise<void> {
  const { path = DEFAULT_DOCUMENT_PATH, docs = false, image, authorize } = options
  const { log, methods, api } = server
  const services = [...new Set(methods.map(({ parent }) => parent.typeName))]
  const comments = image === undefined ? undefined : await readComments(image, services)
  // Most processes of a server have no reader, so the first one loads the generator. Each format keeps its text, not the document.
  const document = () => documentOf({ methods, api, comments }, options)
  const access: FileAccess = {
    authorize,
    onFault: (error) => log.error({ err: error }, 'openapi document could not be served'),
  }
  for (const file of filesOf(document, options, await loadYaml(log))) addFile(app, file, access)
  const documentPath = `${app.prefix}${path}.json`
  if (docs !== false) {
    const { title } = infoOf(options)
    const page = { path: docs === true ? DEFAULT_DOCS_PATH : docs, title, documentPath, scriptFile: findScalar() }
    addReferencePage(app, page, access)
  }
  log.debug({ path: documentPath, methods: methods.length }, 'openapi document is served')
}

/** The document in all formats. */
function filesOf(
  document: () => Promise<OpenApiDocument>,
  { path = DEFAULT_DOCUMENT_PATH, cors = false }: OpenApiRouteOptions,
  stringify: Stringify | undefined,
): readonly ServedFile[] {
  const headers = cors ? { 'access-control-allow-origin': '*' } : {}
  const json: ServedFile = {
    path: `${path}.json`,
    contentType: 'application/json',
    headers,
    content: async () => JSON.stringify(await document()),
  }
  if (stringify === undefined) return [json]
  const content = async () => stringify(await document(), { aliasDuplicateObjects: false })
  return [json, { path: `${path}.yaml`, contentType: 'application/yaml', headers, content }]
}

/** What is described. */
interface Described {
  readonly methods: readonly DescMethod[]
  readonly api: ApiFacts
  readonly comments: Comments | undefined
}

async function documentOf(
  { methods, api, comments }: Described,
  { servers, includes, security = api.callers, visibility, errorDetails, version, ...options }: OpenApiRouteOptions,
): Promise<OpenApiDocument> {
  const { createOpenApiDocument } = await import('./create-openapi-document.ts')
  const { prefix, hasConnect, rest, jsonOptions, requiresConnectVersion: requiresVersion } = api
  const served = OPENAPI_PROTOCOLS.filter((protocol) => (protocol === 'rest' ? rest !== false : hasConnect))
  return createOpenApiDocument({
    info: infoOf(options),
    methods,
    servers: servers ?? [{ url: prefix === '' ? '/' : prefix }],
    includes: served.filter((protocol) => includes?.includes(protocol) ?? true),
    rest: resolveRestOptions(typeof rest === 'object' ? rest : {}),
    connect: { jsonOptions, requiresVersion },
    ...(security && { security }),
    ...(visibility && { visibility }),
    ...(errorDetails && { errorDetails }),
    ...(version && { version }),
    ...(comments && { comments: (declaration) => commentOf(declaration, comments) }),
  })
}

function infoOf({ info }: Pick<OpenApiRouteOptions, 'info'>) {
  return { title: 'API', version: '0.0.0', ...info }
}

type Stringify = typeof import('yaml').stringify

/** Without the package only JSON is served. */
async function loadYaml(log: PreparedServer['log']): Promise<Stringify | undefined> {
  try {
    return (await import('yaml')).stringify
  } catch {
    log.info('openapi document is served as JSON only: YAML needs the package yaml')
    return undefined
  }
}
