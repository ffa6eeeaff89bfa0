import path from 'node:path'
import fastifyStatic from '@fastify/static'
import { serve } from 'portico/server'
import { routes } from './routes.ts'

/** What `npm run build` writes. */
const PAGE = path.resolve(import.meta.dirname, '../web/dist')

await serve({ name: 'my-service', routes, setup: (fastify) => fastify.register(fastifyStatic, { root: PAGE }) })
