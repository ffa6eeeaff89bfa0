/** Texts that pages get wrong: markup, scripts of other directions, long ones, and names that objects have already. */

/** Runs in a page that takes it for HTML. */
export const MARKUP = '<img src=x onerror="document.title=\'owned\'">'

/** Comments of declarations, which take turns. */
export const COMMENTS: readonly string[] = [
  `${MARKUP}<script>document.title = 'owned'</script></textarea></style>`,
  'שלום עולם: هذا تعليق من اليمين إلى اليسار ‮reversed‬ end',
  '日本語のコメント。中文注释。한국어 주석。',
  '👩‍👩‍👧‍👦🏳️‍🌈 emoji, Z͑ͫ̓a̴l̷g̸o and a zero​width space',
  'https://example.com/"onmouseover="x [link](javascript:alert(1)) `code` **bold** | table | %s {{x}}',
  `${'Unbreakable'.repeat(200)}`,
  `A long comment.\n\n${'It goes on and on about nothing at all. '.repeat(256)}`,
  '\n\n   indented\n\ttabbed\n- list\n- list\n1. one\n',
]

/** Names of fields that collide with what objects and messages have. Libraries refuse those that are no identifiers. */
export const FIELD_NAMES: readonly string[] = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'then',
  'length',
  'default',
  'await',
  'a',
  '_',
  '__',
  '0_leading_digit',
  'camelCase',
  'UPPER_CASE',
  'trailing_',
  'x'.repeat(300),
]
