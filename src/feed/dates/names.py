#!/usr/bin/env python3
"""names.py FOLDER > names.txt

Writes the names of months, weekdays and halves of the day, and the patterns of dates and times, from the npm package
cldr-dates-full (Unicode CLDR), unpacked in FOLDER. names.txt describes the lines.
"""
import json, os, sys

LOCALES = '''af am ar ar-DZ ar-IQ ar-LB ar-LY ar-MA ar-MR ar-SA as az az-Cyrl be bg bn bs bs-Cyrl ca ckb cs cy da de de-AT el en
eo es es-PE et eu fa fa-AF fi fil fo fr fy ga gd gl gu ha he hi hr hsb hu hy id ig is it ja jv ka kk km kn ko ku ky lb
lo lt lv mk ml mn mr ms mt my nb ne nl nn oc or pa pl ps pt ro ru sd se si sk sl so sq sr sr-Latn su sv sw ta te tg th
tk tr tt ug uk ur uz uz-Cyrl vi yi yo yue zh zh-Hant zu'''.split()

# The day periods of CLDR by what they mean for the hour on a clock of twelve.
PERIODS = {
    'am': ['am', 'morning1', 'morning2'],
    'pm': ['pm', 'afternoon2', 'evening1', 'evening2'],
    'noon': ['noon', 'afternoon1'],
    'night': ['midnight', 'night1', 'night2'],
}

# Day periods around noon that are before it elsewhere.
AT_NOON = {'bg': 'morning2'}

# Names that sites use beside those of CLDR.
MORE = {
    'bn': ['am পূর্বাহ্ন', 'pm অপরাহ্ন'],
    'ckb': ['month کانوونی دووەمی|شوباتی|ئازاری|نیسانی|ئایاری|حوزەیرانی|تەمووزی|ئابی|ئەیلوولی|تشرینی یەکەمی|تشرینی دووەمی|'
            'کانوونی یەکەمی',
            'month کانونی دووەم|شوبات|ئازار|نیسان|ئایار|حوزەیران|تەموز|ئاب|ئەیلول|تشرینی یەکەم|تشرینی دووەم|کانوونی یەکەم'],
    'et': ['am e.l.', 'pm p.l.'],
    'fa': ['month ژانویه|فوریه|مارس|آوریل|می|جون|جولای|آگوست|سپتامبر|اکتبر|نوامبر|دسامبر'],
    'hi': ['am पूर्वाह्न', 'pm अपराह्न',
           'month जनवरी|फरवरी|मार्च|अप्रेल|मई|जून|जुलाई|अगस्त|सितम्बर|अक्तूबर|नवम्बर|दिसम्बर',
           'month जनवरी|फरवरी|मार्च|अप्रैल|मई|जून|जुलाई|अगस्त|सितम्बर|अक्टूबर|नवम्बर|दिसम्बर'],
    'mr': ['am म.पू.', 'pm म.उ.'],
    'si': ['month ජනවාරි|පෙබරවාරි|මාර්තු|අප්‍රේල්|මැයි|ජූනි|ජූලි|අගෝස්තු|සැප්තැම්බර්|ඔක්තෝබර්|නොවැම්බර්|දෙසැම්බර්'],
    'vi': ['month Tháng Một|Tháng Hai|Tháng Ba|Tháng Tư|Tháng Năm|Tháng Sáu|Tháng Bảy|Tháng Tám|Tháng Chín|Tháng Mười|'
           'Tháng Mười Một|Tháng Mười Hai'],
}


def unique(lists):
    seen = []
    for names in lists:
        if names not in seen:
            seen.append(names)
    return seen


def lines(calendar, at_noon=None):
    for kind, key in (('month', 'months'), ('day', 'days')):
        widths = [list(calendar[key][context][width].values())
                  for context in ('format', 'stand-alone') for width in ('wide', 'abbreviated', 'short')
                  if width in calendar[key][context]]
        yield from (f'{kind} ' + '|'.join(names) for names in unique(widths))
    for kind, periods in PERIODS.items():
        periods = [period for period in periods if period != at_noon] + [at_noon] * (kind == 'noon')
        names = [name for width in ('abbreviated', 'wide') for context in ('format', 'stand-alone')
                 for period in periods for key, name in calendar['dayPeriods'][context][width].items()
                 if key.split('-')[0] == period]
        yield f'{kind} ' + '|'.join(unique(names))
    yield from (f'date {calendar["dateFormats"][width]}' for width in ('full', 'long', 'medium'))
    formats = calendar['dateTimeFormats']['availableFormats']
    yield from (f'time {pattern}' for pattern in unique([calendar['timeFormats']['medium'], formats['Hm'], formats['hm']]))


def calendar_of(folder, locale):
    with open(os.path.join(folder, 'main', locale, 'ca-gregorian.json')) as file:
        return json.load(file)['main'][locale]['dates']['calendars']['gregorian']


def main():
    folder = sys.argv[1]
    with open(os.path.join(folder, 'package.json')) as file:
        version = json.load(file)['version']
    print(f'''# Names and patterns of dates, made by names.py from Unicode CLDR {version}. Copyright 1991-present Unicode, Inc.; licence:
# LICENSE-UNICODE beside this file. Of a locale, in this order: its months, days of the week from Sunday, halves of the
# day, date patterns and time patterns, each list as often as it has forms. A regional locale has only what differs.''')
    for locale in LOCALES:
        language = locale.split('-')[0]
        own = list(lines(calendar_of(folder, locale), AT_NOON.get(locale)))
        known = list(lines(calendar_of(folder, language))) if language != locale and '-' in locale else []
        # Patterns are needed with the names they are tested with.
        changed = [line for line in own if line not in known]
        if any(line.startswith(('month', 'day', 'am', 'pm', 'noon', 'night')) for line in changed):
            print('\n' + locale)
            print('\n'.join(own if any(line.startswith('month') for line in changed) else changed))
            print(''.join(line + '\n' for line in MORE.get(locale, [])), end='')


main()
