import { expect, test } from 'vitest'
import { readComments } from '../../../../server/openapi/comments/read-comments.ts'
import { buildImage } from '../../../support/proto-schema.ts'
import { temporaryFile } from '../../../support/temporary-file.ts'

const SHOP = `
  // Detached from the file.

  syntax = "proto3";
  package shop.v1;

  // Sells things.
  //
  //   - indented
  service ShopService {
    // Reads an item.
    // buf:lint:ignore RPC_REQUEST_STANDARD_NAME
    rpc GetItem(Item) returns (Item); // Never fails.
    rpc Silent(Item) returns (Item);
  }

  /* An item.
     (-- Ask the warehouse team. --)
     It has a price. */
  message Item {
    string id = 1; // The id.
    // One of two.
    oneof kind {
      // As a toy.
      Toy toy = 2;
    }
    // Inside of an item.
    message Toy {
      // Sizes of toys.
      enum Size {
        // No size.
        SIZE_UNSPECIFIED = 0;
        // Small. (-- never closed
        SIZE_SMALL = 1;
      }
      // The size.
      Size size = 1;
    }
    // (-- internal only --)
    string hidden = 3;
  }
`

test('comments are found by full names, and leave out what is internal', async () => {
  const comments = await readComments(buildImage({ 'shop/v1/shop.proto': SHOP }), ['shop.v1.ShopService'])
  expect(Object.fromEntries(comments)).toEqual({
    'shop.v1.ShopService': 'Sells things.\n\n  - indented',
    'shop.v1.ShopService.GetItem': 'Reads an item.\n\nNever fails.',
    'shop.v1.Item': 'An item.\n\nIt has a price.',
    'shop.v1.Item.id': 'The id.',
    'shop.v1.Item.kind': 'One of two.',
    'shop.v1.Item.toy': 'As a toy.',
    'shop.v1.Item.Toy': 'Inside of an item.',
    'shop.v1.Item.Toy.Size': 'Sizes of toys.',
    'shop.v1.Item.Toy.Size.SIZE_UNSPECIFIED': 'No size.',
    'shop.v1.Item.Toy.Size.SIZE_SMALL': 'Small.',
    'shop.v1.Item.Toy.size': 'The size.',
  })
})

test('names without a package, and names that an object has anyway, are names like others', async () => {
  const text = `syntax = "proto3";\n// A.\nmessage constructor {\n// B.\nstring __proto__ = 1;\n}\n`
  const comments = await readComments(buildImage({ 'a.proto': text }), [])
  expect([...comments]).toEqual([
    ['constructor', 'A.'],
    ['constructor.__proto__', 'B.'],
  ])
})

test('an image that cannot be used says why, and what to do', async () => {
  const noComments = buildImage({ 'a.proto': SHOP }, '--exclude-source-info')
  await expect(readComments(noComments, [])).rejects.toThrow(
    'the image of the API has no comments: write it with "buf build -o", without --exclude-source-info',
  )
  const image = await temporaryFile('api.binpb', buildImage({ 'a.proto': SHOP }))
  await expect(readComments(image, ['bank.v1.BankService', 'bank.v1.Other'])).rejects.toThrow(
    `${image} is of another API: it has none of bank.v1.BankService, bank.v1.Other`,
  )
  const text = await temporaryFile('api.binpb', 'syntax = "proto3";')
  await expect(readComments(text, [])).rejects.toThrow(`${text} is not an image of buf`)
  await expect(readComments('missing.binpb', [])).rejects.toThrow('missing.binpb cannot be read: ENOENT')
  await expect(readComments('.', [])).rejects.toThrow('. cannot be read: EISDIR')
})

test('the committed image has the comments of the demo', async () => {
  const comments = await readComments('gen/descriptors.binpb', ['greeter.v1.GreeterService'])
  expect(comments.get('greeter.v1.GreeterService.SayHello')).toMatch(/^SayHello greets by name/)
  expect(comments.get('greeter.v1.SayHelloRequest.name')).toMatch(/greeted/)
})
