import { expect, test } from 'vitest'
import { GreeterService } from '../../../../gen/greeter/v1/greeter_pb.js'
import { Health } from '../../../../gen/health/v1/health_pb.js'
import { typeRegistryOf } from '../../../../server/rpc/type-registry.ts'

test('it knows the types of the services, of the files beside them and of what these import', () => {
  const registry = typeRegistryOf([GreeterService, Health])
  const names = [
    'greeter.v1.SayHelloRequest',
    'greeter.v1.GetStreamResponse',
    'google.protobuf.Timestamp',
    'grpc.health.v1.HealthCheckResponse',
  ]
  for (const name of names) expect(registry.getMessage(name)?.typeName).toBe(name)
  expect(registry.getEnum('grpc.health.v1.HealthCheckResponse.ServingStatus')).toBeDefined()
})

test('it knows nothing else', () => {
  const registry = typeRegistryOf([Health])
  expect(registry.getMessage('greeter.v1.SayHelloRequest')).toBeUndefined()
  expect(registry.getMessage('google.protobuf.Timestamp')).toBeUndefined()
  expect([...typeRegistryOf([])]).toEqual([])
})
