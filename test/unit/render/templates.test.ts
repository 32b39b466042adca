import { expect, test } from 'vitest'
import { templateFiles } from '../../../src/render/templates.ts'
import { guestFrom } from '../../builders/site.ts'
import { templatesWith } from '../../builders/templates.ts'

const guest = guestFrom()

test('the first line names the maker', () => {
  expect(templatesWith().domainXl(guest, 'quiet').split('\n')[0]).toBe(
    '# managed by domus: changes made here are lost',
  )
})

test('an override is used, and the first line says where it lies', () => {
  const templates = templatesWith({
    'domain/xl.cfg.hbs': { text: 'name = {{quote name}}\n', from: '/etc/domus/templates/domain/xl.cfg.hbs' },
  })
  expect(templates.domainXl(guest, 'quiet')).toBe(
    '# managed by domus: changes made here are lost; template /etc/domus/templates/domain/xl.cfg.hbs\nname = "menas"\n',
  )
})

test('an override with a mistake is refused before it is used', () => {
  const from = '/etc/domus/templates/domain/xl.cfg.hbs'
  expect(() => templatesWith({ 'domain/xl.cfg.hbs': { text: '{{#if name}}', from } })).toThrow(
    expect.objectContaining({ code: 'invalid-input', message: `template ${from}` }),
  )
})

test('every template has a file of its own', () => {
  expect(new Set(templateFiles).size).toBe(templateFiles.length)
  expect(templateFiles).toContain('domain/xl.cfg.hbs')
})
