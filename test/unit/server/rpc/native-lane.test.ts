import { describe, expect, test } from 'vitest'
import { GreeterService, SayHelloRequestSchema } from '../../../../gen/greeter/v1/greeter_pb.js'
import { createLaneBench, enveloped, grpcHead } from '../../../support/lane-bench.ts'
import { MemoryExchange, type MemoryHead } from '../../../support/memory-exchange.ts'

const PATH = '/greeter.v1.GreeterService/SayHello'
const ADA = enveloped(SayHelloRequestSchema, { name: 'Ada' })

function bench() {
  const names: string[] = []
  const made = createLaneBench((router) =>
    router.service(GreeterService, {
      sayHello({ name }) {
        names.push(name)
        return { message: name }
      },
    }),
  )
  function open(head: MemoryHead) {
    const exchange = new MemoryExchange(head, { openedAtMs: made.clock.now() })
    return { exchange, call: made.lane.open(exchange) }
  }
  return { ...made, names, open }
}

describe('an opened call', () => {
  test('runs nothing before it is started', () => {
    const { open, names } = bench()
    const { exchange, call } = open(grpcHead(PATH))
    exchange.feed(ADA, true)
    expect(names).toEqual([])
    call?.start()
    expect(names).toEqual(['Ada'])
    expect(exchange).toMatchObject({ isEnded: true, releases: 1 })
  })

  test('ends at its deadline, and is not started afterwards', () => {
    const { open, names, clock } = bench()
    const { exchange, call } = open(grpcHead(PATH, [['grpc-timeout', '100m']]))
    exchange.feed(ADA, true)
    clock.advance(200)
    expect(exchange.headers.get('grpc-status')).toBe('4')
    call?.start()
    expect(names).toEqual([])
    expect(exchange.releases).toBe(1)
  })

  test('ends when its client disconnects, and is not started afterwards', () => {
    const { open, names, ends } = bench()
    const { exchange, call } = open(grpcHead(PATH))
    exchange.feed(ADA, true)
    exchange.abort()
    call?.start()
    expect(names).toEqual([])
    expect(ends).toHaveLength(1)
    expect(exchange.releases).toBe(1)
  })

  test('with an invalid header is answered at once', () => {
    const { open, names } = bench()
    const { exchange, call } = open(grpcHead(PATH, [['grpc-timeout', 'soon']]))
    expect(exchange.headers.get('grpc-status')).toBe('3')
    call?.start()
    expect(names).toEqual([])
    expect(exchange.releases).toBe(1)
  })
})

test('a request with malformed headers is answered, and there is no call', () => {
  const { open } = bench()
  const { exchange, call } = open({ path: PATH, method: 'PUT' })
  expect(call).toBeNull()
  expect(exchange).toMatchObject({ status: 405, isEnded: true, releases: 1 })
})
