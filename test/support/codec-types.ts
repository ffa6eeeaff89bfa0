/** Types with every kind of field, of proto2, proto3 and editions, for tests of codecs. */
import { create, createFileRegistry, type DescMessage } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { compileProtos } from './proto-schema.ts'

const SCALARS = [
  'double',
  'float',
  'int32',
  'int64',
  'uint32',
  'uint64',
  'sint32',
  'sint64',
  'fixed32',
  'fixed64',
  'sfixed32',
  'sfixed64',
  'bool',
  'string',
  'bytes',
] as const

const KEYS = SCALARS.filter((type) => !['double', 'float', 'bytes'].includes(type))

/** Returns a declaration per scalar type. The numbers start after `offset`. */
function each(types: readonly string[], offset: number, declare: (type: string, number: number) => string): string {
  return types.map((type, index) => `  ${declare(type, offset + index + 1)};`).join('\n')
}

const WRAPPERS = ['Double', 'Float', 'Int64', 'UInt64', 'Int32', 'UInt32', 'Bool', 'String', 'Bytes']

const current = `
syntax = "proto3";
package codec;
import "google/protobuf/struct.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/any.proto";
enum Color { COLOR_UNSPECIFIED = 0; COLOR_RED = 1; COLOR_NEGATIVE = -1; }
message Empty {}
message Singular {
${each(SCALARS, 0, (type, number) => `${type} a_${type} = ${number}`)}
  Color a_enum = 16;
  Singular a_message = 17;
  google.protobuf.Timestamp time = 18;
  int64 text_long = 19 [jstype = JS_STRING];
  string far = 536870911;
}
message Optional {
${each(SCALARS, 0, (type, number) => `optional ${type} a_${type} = ${number}`)}
  optional Color a_enum = 16;
  optional Empty a_message = 17;
}
message Lists {
${each(SCALARS, 0, (type, number) => `repeated ${type} a_${type} = ${number}`)}
${each(SCALARS.slice(0, 13), 20, (type, number) => `repeated ${type} x_${type} = ${number} [packed = false]`)}
  repeated Color a_enum = 40;
  repeated Lists a_message = 41;
  repeated Color x_enum = 42 [packed = false];
}
message Maps {
${each(KEYS, 0, (type, number) => `map<${type}, string> by_${type} = ${number}`)}
${each(SCALARS, 20, (type, number) => `map<string, ${type}> a_${type} = ${number}`)}
  map<string, Color> a_enum = 40;
  map<string, Maps> a_message = 41;
  map<int32, google.protobuf.Struct> structs = 42;
  map<int32, google.protobuf.StringValue> wrapped = 43;
}
message Oneof {
  int32 before = 100;
  oneof kind {
${each(SCALARS, 0, (type, number) => `${type} a_${type} = ${number}`)}
    Color a_enum = 16;
    Oneof a_message = 17;
    google.protobuf.Struct struct = 18;
    google.protobuf.BytesValue wrapped = 19;
  }
  oneof other { string left = 101; string right = 7000; }
  int32 between = 20;
}
message Known {
${each(WRAPPERS, 0, (type, number) => `google.protobuf.${type}Value ${type.toLowerCase()}_value = ${number}`)}
${each(WRAPPERS, 10, (type, number) => `repeated google.protobuf.${type}Value ${type.toLowerCase()}_values = ${number}`)}
  google.protobuf.Struct struct = 30;
  repeated google.protobuf.Struct structs = 31;
  google.protobuf.Value value = 32;
  google.protobuf.ListValue list = 33;
  google.protobuf.NullValue null = 34;
  google.protobuf.Any any = 35;
}
message Tree { string name = 1; Tree left = 2; repeated Tree children = 3; map<string, Tree> named = 4; Ring ring = 5; }
message Ring { bytes payload = 1; Tree tree = 2; Ring next = 3; }
message Wide { ${each(
  Array.from({ length: 260 }, (_, index) => `f${index}`),
  0,
  (name, number) => `${number % 2 ? 'string' : 'int32'} ${name} = ${number}`,
)} }
`

const old = `
syntax = "proto2";
package codec.old;
enum Level { LOW = 3; HIGH = 7; }
message Old {
${each(SCALARS, 0, (type, number) => `optional ${type} a_${type} = ${number}`)}
  optional Level level = 16;
  optional Level high = 17 [default = HIGH];
  optional string named = 18 [default = "quote \\" and \\n"];
  optional int64 big = 19 [default = -9007199254740993];
  optional bytes raw = 20 [default = "\\001\\377"];
  repeated int32 packed = 21 [packed = true];
  repeated int32 expanded = 22;
  optional group Pair = 23 { optional string first = 1; optional Old second = 2; }
  repeated group Row = 24 { optional uint32 cell = 1; }
  map<string, Level> levels = 25;
  optional Old next = 26;
  oneof choice { string text = 27; bool flag = 28; }
  extensions 100 to 200;
}
message Required { required string name = 1; optional int32 count = 2; required Level level = 3; }
message Holder { optional Required one = 1; repeated Required many = 2; map<string, Required> by_name = 3; }
`

const edition = `
edition = "2023";
package codec.edition;
import "google/protobuf/wrappers.proto";
message Mixed {
  int32 explicit = 1;
  int32 implicit = 2 [features.field_presence = IMPLICIT];
  string required = 3 [features.field_presence = LEGACY_REQUIRED];
  Mixed delimited = 4 [features.message_encoding = DELIMITED];
  repeated Mixed rows = 5 [features.message_encoding = DELIMITED];
  repeated int32 expanded = 6 [features.repeated_field_encoding = EXPANDED];
  google.protobuf.StringValue wrapped = 7 [features.message_encoding = DELIMITED];
  repeated Closed closed = 8;
  bytes octets = 9;
  int64 text_long = 10 [jstype = JS_STRING, default = 12];
}
enum Closed { option features.enum_type = CLOSED; ONE = 1; TWO = 2; }
`

const files = compileProtos({ 'current.proto': current, 'old.proto': old, 'edition.proto': edition })
const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: files }))

/** The names of the scalar types. */
export const scalarTypes: readonly string[] = SCALARS

/** Returns a type of the package `codec`, such as `Singular` or `old.Required`. */
export function codecType(name: string): DescMessage {
  const desc = registry.getMessage(`codec.${name}`)
  if (desc === undefined) throw new Error(`there is no type codec.${name}`)
  return desc
}
