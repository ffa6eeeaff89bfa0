import {
  FieldDescriptorProto_TypeSchema,
  FieldDescriptorProtoSchema,
  StructSchema,
  ValueSchema,
} from '@bufbuild/protobuf/wkt'
import { expect, test } from 'vitest'
import { toProtoText } from '../../../../../../client/node/cli/schema/to-proto-text.ts'
import { GetStreamRequestSchema, GreeterService } from '../../../../../../gen/greeter/v1/greeter_pb.js'

test('prints a service with its methods and their streams', () => {
  const text = toProtoText(GreeterService)
  expect(text).toMatch(
    /^service greeter\.v1\.GreeterService \{\n {2}rpc SayHello\(greeter\.v1\.SayHelloRequest\) returns/,
  )
  expect(text).toContain(
    'rpc AllStream(stream greeter.v1.AllStreamRequest) returns (stream greeter.v1.AllStreamResponse);',
  )
})

test('prints a message with field labels and types', () => {
  expect(toProtoText(GetStreamRequestSchema)).toBe(
    'message greeter.v1.GetStreamRequest {\n  string topic = 1;\n  optional uint64 after_sequence = 2;\n  uint32 limit = 3;\n  string epoch = 4;\n}',
  )
  expect(toProtoText(StructSchema)).toContain('map<string, google.protobuf.Value> fields = 1;')
  expect(toProtoText(ValueSchema)).toMatch(/oneof kind \{\n {4}google\.protobuf\.NullValue null_value = 1;\n/)
  expect(toProtoText(FieldDescriptorProtoSchema)).toContain('google.protobuf.FieldDescriptorProto.Type type = 5;')
})

test('prints an enum with its values', () => {
  expect(toProtoText(FieldDescriptorProto_TypeSchema)).toContain('  TYPE_DOUBLE = 1;\n')
})
