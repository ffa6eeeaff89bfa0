/** The options of the routes that serve an OpenAPI document. */
import type { DescMethod } from '@bufbuild/protobuf'
import { isRoutePath, type OptionKinds, type OptionShape } from '../../../wire/options/check-options.ts'
import type { AuthorizeFileReader } from '../../files/served-file.ts'
import type { OpenApiInfo } from '../model/document.ts'
import { OPENAPI_PROTOCOLS, OPENAPI_VERSIONS, type OpenApiOptions } from '../model/openapi-options.ts'

/** Options of `openapi`. */
export interface OpenApiRouteOptions
  extends Pick<OpenApiOptions, 'servers' | 'includes' | 'security' | 'visibility' | 'errorDetails' | 'version'> {
  /** What the API is. Default: the title `API` and the version `0.0.0`; with `serve`, its name and version. */
  readonly info?: Partial<OpenApiInfo>
  /** The path of the document without its ending: `/openapi` serves `/openapi.json` and `/openapi.yaml`. Default: `/openapi`. */
  readonly path?: string
  /**
   * The image of buf, or another FileDescriptorSet with source info, that has the comments of the API, as generated code has none: its
   * path, or its bytes. It is read at start-up. Default: none.
   */
  readonly image?: string | Uint8Array
  /** Whether a method is described. Default: all but those of `grpc.*` and of the admin services. */
  readonly describes?: (method: DescMethod) => boolean
  /** The path of a page that shows the document; true: `/docs`. Needs the package `portico-console`. Default: no page. */
  readonly docs?: boolean | string
  /** Who may read the document and the page. What it throws refuses the request. Default: all callers. */
  readonly authorize?: AuthorizeFileReader
  /** Whether pages of all origins may read the document, for tools in browsers. Default: false. */
  readonly cors?: boolean
}

/** The names and kinds of the options. */
export const OPENAPI_ROUTE_SHAPE: OptionShape = {
  kinds: {
    info: ['object'],
    servers: ['array'],
    includes: ['array'],
    security: ['object'],
    visibility: ['array'],
    errorDetails: ['array'],
    version: ['string'],
    path: ['string'],
    image: ['string', 'object'],
    describes: ['function'],
    docs: ['boolean', 'string'],
    authorize: ['function'],
    cors: ['boolean'],
  } satisfies OptionKinds<OpenApiRouteOptions>,
}

/** The path of the page by default. */
export const DEFAULT_DOCS_PATH = '/docs'

/** The path of the document by default, without its ending. */
export const DEFAULT_DOCUMENT_PATH = '/openapi'

/** Returns a phrase for each option that is not valid. */
export function routeFaults({
  path = DEFAULT_DOCUMENT_PATH,
  docs = false,
  includes = [],
  version,
  image,
}: OpenApiRouteOptions): string[] {
  const unknown = includes.filter((name) => !OPENAPI_PROTOCOLS.includes(name))
  return [
    ...pathFaults('path', path),
    ...(typeof docs === 'string' ? pathFaults('docs', docs) : []),
    ...unknown.map((name) => `includes has "${name}": it can have ${OPENAPI_PROTOCOLS.join(' and ')}`),
    ...(version === undefined || OPENAPI_VERSIONS.includes(version)
      ? []
      : [`version is "${version}": it must be ${OPENAPI_VERSIONS.join(' or ')}`]),
    ...(image === undefined || typeof image === 'string' || image instanceof Uint8Array
      ? []
      : ['image must be a path or a Uint8Array']),
  ]
}

/** Paths are those of routes of their own, so that they have no parameters. */
function pathFaults(name: string, path: string): string[] {
  return isRoutePath(path) ? [] : [`${name} is "${path}": it must begin with / and have no parameters`]
}

/** Whether a service, by its full name, is described by default: the standard ones manage a server rather than make up its API. */
export function isOfProgram(service: string): boolean {
  return !/^(?:grpc|portico\.admin)\./.test(service)
}
