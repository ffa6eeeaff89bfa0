/** Serves the OpenAPI document of a server, and a page that shows it. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { FastifyInstance } from 'fastify'
import { checkOptions } from '../../wire/options/check-options.ts'
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
import { addFile, type FileAccess } from './serve/served-file.ts'

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
  return {
    name: 'openapi',
    appliesTo: () => false,
    async prepare(server) {
      if (server.app === undefined)
        throw new Error('openapi: nodeHandler has no routes: serve what createOpenApiDocument returns')
      await addRoutes(server.app, server, options)
    },
  }
}

async function addRoutes(app: FastifyInstance, server: PreparedServer, options: OpenApiRouteOptions): Promise<void> {
  const {
    path = DEFAULT_DOCUMENT_PATH,
    docs = false,
    image,
    describes = ({ parent }) => isOfProgram(parent.typeName),
    authorize,
    cors = false,
  } = options
  const { log } = server
  const methods = server.methods.filter(describes)
  const services = [...new Set(methods.map(({ parent }) => parent.typeName))]
  const comments = image === undefined ? undefined : await readComments(image, services)
  // Most processes of a server have no reader, so the first one loads the generator.
  let made: Promise<OpenApiDocument> | undefined
  const document = () => {
    made ??= documentOf({ methods, api: server.api, comments }, options)
    return made
  }
  const access: FileAccess = {
    authorize,
    onFault: (error) => log.error({ err: error }, 'openapi document could not be served'),
  }
  const headers = cors ? { 'access-control-allow-origin': '*' } : {}
  const json = `${path}.json`
  addFile(
    app,
    { path: json, contentType: 'application/json', headers, content: async () => JSON.stringify(await document()) },
    access,
  )
  const stringify = await loadYaml(log)
  if (stringify !== undefined) {
    const content = async () => stringify(await document(), { aliasDuplicateObjects: false })
    addFile(app, { path: `${path}.yaml`, contentType: 'application/yaml', headers, content }, access)
  }
  if (docs !== false) {
    const page = docs === true ? DEFAULT_DOCS_PATH : docs
    const title = infoOf(options).title
    addReferencePage(app, { path: page, title, documentPath: app.prefix + json, scriptFile: findScalar() }, access)
  }
  log.info({ path: app.prefix + json, methods: methods.length }, 'openapi document is served')
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

/** Without the package only JSON is served. */
async function loadYaml(log: PreparedServer['log']): Promise<typeof import('yaml').stringify | undefined> {
  try {
    return (await import('yaml')).stringify
  } catch {
    log.info('openapi document is served as JSON only: YAML needs the package yaml')
    return undefined
  }
}
