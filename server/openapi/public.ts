/** The public edge of `portico/server/openapi`. */

export type { AuthorizeFileReader, FileReader } from '../files/served-file.ts'
export { createOpenApiDocument } from './create-openapi-document.ts'
export type { OpenApiDocument, OpenApiInfo, OpenApiServer, SecurityScheme } from './model/document.ts'
export type {
  OpenApiConnect,
  OpenApiOptions,
  OpenApiProtocol,
  OpenApiSecurity,
  OpenApiVersion,
} from './model/openapi-options.ts'
export { openapi } from './openapi.ts'
export type { OpenApiRouteOptions } from './serve/route-options.ts'
