/** Generates an API of any size in memory, with distinct requests and responses per method, as in large companies. */
import { create, createFileRegistry, type DescService } from '@bufbuild/protobuf'
import {
  type DescriptorProto,
  DescriptorProtoSchema,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  MethodDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt'

const METHODS_OF_SERVICE = 20
/** One method in this many streams its responses, and one has no side effects. */
const STREAMS_ONE_IN = 10

/** Returns services with this many methods in total. */
export function createSyntheticApi(methods: number): readonly DescService[] {
  const count = Math.ceil(methods / METHODS_OF_SERVICE)
  const file = Array.from({ length: count }, (_, index) => {
    return createFile(
      `Service${index}`,
      `synthetic.s${index}`,
      Math.min(METHODS_OF_SERVICE, methods - index * METHODS_OF_SERVICE),
    )
  })
  const registry = createFileRegistry(create(FileDescriptorSetSchema, { file }))
  return [...registry].filter((type) => type.kind === 'service')
}

function createFile(name: string, packageName: string, methods: number): FileDescriptorProto {
  const numbers = Array.from({ length: methods }, (_, index) => index)
  return create(FileDescriptorProtoSchema, {
    name: `${packageName}.proto`,
    package: packageName,
    syntax: 'proto3',
    messageType: [
      createMessage('Resource', packageName),
      ...numbers.flatMap((index) => [
        createMessage(`Do${index}Request`, packageName),
        createMessage(`Do${index}Response`, packageName),
      ]),
    ],
    service: [
      {
        name,
        method: numbers.map((index) =>
          create(MethodDescriptorProtoSchema, {
            name: `Do${index}`,
            inputType: `.${packageName}.Do${index}Request`,
            outputType: `.${packageName}.Do${index}Response`,
            serverStreaming: index % STREAMS_ONE_IN === 0,
          }),
        ),
      },
    ],
  })
}

/** Five fields of different kinds, the last one a message, or a list of messages. */
function createMessage(name: string, packageName: string): DescriptorProto {
  const { OPTIONAL, REPEATED } = FieldDescriptorProto_Label
  const { STRING, INT64, BOOL, BYTES, MESSAGE } = FieldDescriptorProto_Type
  const scalars = [STRING, INT64, BOOL, BYTES].map((type, index) => {
    return { name: `field_${index}`, jsonName: `field${index}`, number: index + 1, type, label: OPTIONAL }
  })
  const resource = {
    name: 'resource',
    jsonName: 'resource',
    number: scalars.length + 1,
    type: MESSAGE,
    typeName: `.${packageName}.Resource`,
    label: name === 'Resource' ? REPEATED : OPTIONAL,
  }
  return create(DescriptorProtoSchema, { name, field: [...scalars, resource] })
}
