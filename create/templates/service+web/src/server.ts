import { existsSync } from 'node:fs'
import path from 'node:path'
import fastifyStatic from '@fastify/static'
import { serve } from 'portico/server'
import { routes, setup } from './routes.ts'

/** What `npm run build` writes; in development Vite serves the page. */
const PAGE = path.resolve(import.meta.dirname, '../web/dist')

await serve({
  name: 'my-service',
  routes,
  setup: async (fastify) => {
    setup(fastify)
    if (existsSync(PAGE)) await fastify.register(fastifyStatic, { root: PAGE })
  },
})
