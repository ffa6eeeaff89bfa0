/** A client with a parameter that the document does not have, which must not compile. */
import createClient from 'openapi-fetch'
import type { paths } from './api.ts'

await createClient<paths>().GET('/v1/hello', { params: { query: { nmae: 'Ada' } } })
