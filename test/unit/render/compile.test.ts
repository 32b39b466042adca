import { describe, expect, test } from 'vitest'
import { compileTemplate } from '../../../src/render/compile.ts'

const helpers = { quote: (value: unknown) => `"${String(value)}"` }
const render = (text: string, context: object) => compileTemplate(text, { name: 'x.hbs', helpers })(context)

describe('a template refuses', () => {
  test.each([
    ['a name that is not in its context', '{{nome}}'],
    ['a helper’s argument that is not in its context', '{{quote nome}}'],
    ['a condition that is not in its context', '{{#if nome}}x{{/if}}'],
    ['a list that is not in its context', '{{#each nomes}}x{{/each}}'],
    ['a name below one that is there', '{{quote name.first.second}}'],
    ['a helper it does not know', '{{shout name}}'],
    ['a helper with two values', '{{quote name name}}'],
    ['log', '{{log name}}'],
    ['lookup', '{{lookup this "name"}}'],
    ['with', '{{#with name}}{{/with}}'],
    ['a partial', '{{> other}}'],
    ['text that is not a template', '{{#if name}}'],
  ])('%s', (_what, text) => {
    expect(() => render(text, { name: 'menas' })).toThrow(
      expect.objectContaining({ code: 'invalid-input', message: 'template x.hbs' }),
    )
  })
})

test('config files are not escaped', () => {
  expect(render('{{name}} {{quote name}}', { name: `<'&'>` })).toBe(`<'&'> "<'&'>"`)
})

test('web pages are escaped', () => {
  const page = compileTemplate('{{name}}', { name: 'page.hbs', html: true })
  expect(page({ name: '<b>' })).toBe('&lt;b&gt;')
})

test('false and the empty list are values', () => {
  expect(render('{{#if no}}x{{else}}y{{/if}}{{#each none}}x{{/each}}', { no: false, none: [] })).toBe('y')
})
