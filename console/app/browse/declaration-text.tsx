/** A declaration as its proto writes it. */
import type { DescEnum, DescMessage, DescService, Registry } from '@bufbuild/protobuf'
import { protoText } from '../api/proto-text.ts'
import { CodeBlock } from '../parts/code-block.tsx'
import { Disclosure } from '../parts/disclosure.tsx'

/** What is shown. */
export interface DeclarationTextProps {
  readonly declaration: DescService | DescMessage | DescEnum
  readonly registry: Registry
}

/** Draws the text, once it is opened. */
export function DeclarationText({ declaration, registry }: DeclarationTextProps) {
  return (
    <Disclosure summary="Proto">
      <ProtoText declaration={declaration} registry={registry} />
    </Disclosure>
  )
}

/** A component of its own, so that the text is made when it is shown. */
function ProtoText({ declaration, registry }: DeclarationTextProps) {
  return <CodeBlock text={protoText(declaration, registry)} label="proto" />
}
