/** The texts of declarations: compiled again, they are the same declarations. */
import { create, toJson } from '@bufbuild/protobuf'
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt'
import { describe, expect, it } from 'vitest'
import type { Api } from '../../../../console/app/api/api.ts'
import { protoText } from '../../../../console/app/api/proto-text.ts'
import { apiOf } from '../../../support/console/api-of.ts'

const FILES = {
  proto3: `syntax = "proto3";
package shop.v1;
import "google/api/annotations.proto";
import "google/protobuf/timestamp.proto";
import "buf/validate/validate.proto";
import "portico/options/v1/options.proto";

// Sells things.
//
// For money.
service ShopService {
  option (portico.options.v1.service) = { auth: { scopes: ["shop", "a\\"b"] } };
  option deprecated = true;
  // Finds an item.
  rpc Find(FindRequest) returns (Item) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = { get: "/v1/items/{id}" additional_bindings { post: "/v1/items" body: "*" } };
  }
  rpc Watch(stream FindRequest) returns (stream Item);
}
message FindRequest {}
message Item {
  reserved 3, 10 to 12, 1000 to max;
  reserved "old", "older";
  enum Color {
    option allow_alias = true;
    reserved 5 to 7, 100 to max;
    reserved "COLOR_OLD";
    COLOR_UNSPECIFIED = 0; // Not known.
    COLOR_RED = 1 [deprecated = true];
    COLOR_ROUGE = 1;
    COLOR_NEGATIVE = -3;
  }
  message Part { string name = 1; }
  string id = 1 [(buf.validate.field).string = { min_len: 3, pattern: "^\\\\d+$" }, json_name = "key"];
  // May be missing.
  optional int32 count = 2;
  repeated Part parts = 4;
  map<string, Part> by_name = 5;
  map<int32, bytes> blobs = 6;
  Color color = 7;
  oneof price {
    option (buf.validate.oneof).required = true;
    int64 cents = 8;
    google.protobuf.Timestamp when = 9;
  }
  repeated sint64 numbers = 20 [packed = false];
}
`,
  proto2: `syntax = "proto2";
package old.v1;
import "google/protobuf/descriptor.proto";
extend google.protobuf.FieldOptions {
  repeated string tags = 50001;
  optional Level rank = 50002;
  optional bytes raw = 50003;
}
enum Level { LOW = 0; HIGH = 1; }
message Thing {
  extensions 100 to 199, 1000 to max;
  required string name = 1 [default = "a \\"quote\\"", (tags) = "x", (tags) = "y", (rank) = HIGH, (raw) = "\\000\\377a"];
  optional bytes blob = 2 [default = "\\001\\"b"];
  optional Level level = 3 [default = HIGH];
  optional double ratio = 4 [default = -inf];
  optional bool on = 5 [default = true];
  optional Thing inner = 6;
  repeated int32 packed = 7 [packed = true];
  optional group Result = 8 { optional string url = 1; }
  oneof choice { string text = 9; Thing thing = 10; }
  repeated group Row = 11 { required int32 cell = 1; }
}
`,
  editions: `edition = "2023";
package next.v1;
option features.enum_type = CLOSED;
message Thing {
  reserved old, older;
  string name = 1 [features.field_presence = IMPLICIT];
  int32 count = 2;
  int32 needed = 3 [features.field_presence = LEGACY_REQUIRED];
  Thing inner = 4 [features.message_encoding = DELIMITED];
  repeated int32 all = 5 [features = { repeated_field_encoding: EXPANDED }];
}
enum Level { option features.enum_type = OPEN; LEVEL_LOW = 0; reserved 3; reserved LEVEL_OLD; }
`,
  'no package': `syntax = "proto3";
message Plain { Plain self = 1; double a = 2; }
service PlainService { rpc Do(Plain) returns (Plain); }
`,
}

/** The first lines of a file, which are no declarations, and its extensions. */
const HEAD = /^(?:(?:syntax|edition|package|import|option) .*\n|extend [\s\S]*?\n}\n)+/

function ownFile({ registry }: Api): FileDescriptorProto {
  const file = registry.getFile('test.proto')
  if (file === undefined) throw new Error('no file')
  return file.proto
}

function rewritten(text: string, { registry }: Api): string {
  const file = registry.getFile('test.proto')
  const declarations = [...(file?.enums ?? []), ...(file?.messages ?? []), ...(file?.services ?? [])]
  return `${HEAD.exec(text)?.[0]}\n${declarations.map((each) => protoText(each, registry)).join('\n\n')}\n`
}

function withoutPlaces(file: FileDescriptorProto) {
  return toJson(FileDescriptorProtoSchema, create(FileDescriptorProtoSchema, { ...file, sourceCodeInfo: undefined }))
}

describe.each(Object.entries(FILES))('%s', (_, text) => {
  it('is written so that it compiles to the same', () => {
    const api = apiOf({ 'test.proto': text })
    const again = apiOf({ 'test.proto': rewritten(text, api) })
    expect(withoutPlaces(ownFile(again))).toEqual(withoutPlaces(ownFile(api)))
  })
})

it('has comments and names as protos do', () => {
  const { registry } = apiOf({ 'test.proto': FILES.proto3 })
  const service = registry.getService('shop.v1.ShopService')
  const color = registry.getEnum('shop.v1.Item.Color')
  if (service === undefined || color === undefined) throw new Error('not there')
  expect(protoText(service, registry)).toBe(`// Sells things.
//
// For money.
service ShopService {
  option deprecated = true;
  option (portico.options.v1.service) = { auth: { scopes: "shop", scopes: "a\\"b" } };
  // Finds an item.
  rpc Find(FindRequest) returns (Item) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (google.api.http) = { get: "/v1/items/{id}", additional_bindings: { post: "/v1/items", body: "*" } };
  }
  rpc Watch(stream FindRequest) returns (stream Item);
}`)
  expect(protoText(color, registry)).toContain('  // Not known.\n  COLOR_UNSPECIFIED = 0;')
})
