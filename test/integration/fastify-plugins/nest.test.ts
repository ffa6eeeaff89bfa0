/** NestJS on its Fastify adapter: calls beside controllers, in one application. */
import 'reflect-metadata'
import type { AddressInfo } from 'node:net'
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestMiddleware,
  type NestModule,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { onePort } from '../../../server/listen/one-port.ts'
import { portico } from '../../../server/plugin.ts'
import { testCertificates } from '../../support/certificates.ts'
import { testLane } from '../../support/demo-server.ts'
import type { MatrixTarget } from '../../support/matrix.ts'
import { STREAM_LENGTH } from '../../support/plugin-app.ts'
import { CALLERS } from '../../support/plugin-callers.ts'

/** Equals `@Controller('about')` on a class; decorators are syntax that Node does not strip. */
class AboutController {
  about(): { saw: string } {
    return { saw: 'Hello from the controller' }
  }
}
const about = Object.getOwnPropertyDescriptor(AboutController.prototype, 'about')
if (about === undefined) throw new Error('the controller has no method')
Get()(AboutController.prototype, 'about', about)
Controller('about')(AboutController)

class StampMiddleware implements NestMiddleware {
  use(_request: unknown, response: { setHeader(name: string, value: string): void }, next: () => void): void {
    response.setHeader('x-middleware', 'ran')
    next()
  }
}
Injectable()(StampMiddleware)

class AppModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(StampMiddleware).forRoutes('{*path}')
  }
}
Module({ controllers: [AboutController] })(AppModule)

/** Guards of Nest protect its own controllers. */
class KeyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest().headers['x-key'] === 'right'
  }
}

let app: NestFastifyApplication
let target: MatrixTarget

beforeAll(async () => {
  const { ca, server } = await testCertificates()
  const adapter = new FastifyAdapter(onePort({ tls: server, allowsCleartext: true, drainTimeoutMs: 0 }))
  app = await NestFactory.create<NestFastifyApplication>(AppModule, adapter, { logger: false })
  app.useGlobalGuards(new KeyGuard())
  app.enableCors({ origin: 'https://a.example' })
  await app.register(portico, {
    lane: testLane,
    routes: (router) =>
      router.service(GreeterService, {
        sayHello: ({ name }) => ({ message: `Hello ${name}` }),
        async *getStream({ topic }) {
          for (let sequence = 1n; sequence <= STREAM_LENGTH; sequence++) yield { topic, sequence, data: topic }
        },
      }),
  })
  await app.listen(0, '127.0.0.1')
  target = { ca, port: (app.getHttpServer().address() as AddressInfo).port }
})

afterAll(() => app.close())

test.each(CALLERS)('$name', async (caller) => {
  const { code, headers, saw } = await caller.open(target)({ 'x-key': 'right', origin: 'https://a.example' })
  expect(code).toBe('ok')
  expect(headers.get('x-middleware')).toBe('ran')
  expect(headers.get('access-control-allow-origin')).toBe('https://a.example')
  const expected = { route: ['Hello from the controller'], unary: ['Hello Ada'], stream: ['news', 'news', 'news'] }
  expect(saw).toEqual(expected[caller.kind])
})

test.each(CALLERS.filter(({ kind }) => kind === 'route'))('the guard applies to $name', async (caller) => {
  expect((await caller.open(target)()).code).toBe('PermissionDenied')
})
