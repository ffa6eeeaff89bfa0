/** The built package, as a user starts it. Types are not checked here, as dist/ comes from the build alone. */
import nodeModule from 'node:module'

nodeModule.enableCompileCache?.()
const [{ createApp }, { GreeterService }] = await Promise.all([
  import('../../dist/server.js'),
  import('../../gen/greeter/v1/greeter_pb.js'),
])
const { fastify, drain } = await createApp({
  routes: (router) => router.service(GreeterService, { sayHello: ({ name }) => ({ message: `Hello ${name}` }) }),
})
const address = await fastify.listen({ host: '127.0.0.1', port: 0 })
process.stderr.write(`listening on ${address}\n`)
process.once('SIGTERM', () => drain().then(() => process.exit()))
