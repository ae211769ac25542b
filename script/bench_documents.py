#!/usr/bin/env python3
"""Compares the document pipeline with Ghostscript's tiffg4, in one run on one machine.

  script/bench_documents.py FAX_PAGES PHOTOGRAPHS FOLDER [quality | speed | all]

FAX_PAGES is the example program of server/document, PHOTOGRAPHS a folder with scikit-image's sample pictures; test
documents are made in FOLDER. Called by script/bench documents. Needs Pillow, ReportLab, Ghostscript, Tesseract.
"""
import io, os, random, re, struct, subprocess, sys
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont
from reportlab.lib.pagesizes import letter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

WORDS = """the patient was seen on monday with a history of intermittent pain and was referred for further imaging
please call our office if any questions remain about this record we confirm receipt of your letter of the third of
march and enclose the signed agreement together with the schedule of payments the tenant shall keep the premises in
good order and return the keys before noon payment is due within thirty days of the date of this invoice unless both
parties agree otherwise in writing our new address is shown above quality was checked by two examiners""".split()
SERIF = '/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf'
SANS = '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf'
HAND = '/usr/share/fonts/opentype/urw-base35/Z003-MediumItalic.otf'
LETTER_AT_300 = (2550, 3300)


def sentences(rnd, count):
    out = []
    for _ in range(count):
        words = [rnd.choice(WORDS) for _ in range(rnd.randint(6, 12))]
        out.append(' '.join(words).capitalize() + '.')
    return ' '.join(out)


def wrapped(text, width):
    lines, line = [], ''
    for word in text.split():
        if len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f'{line} {word}'.strip()
    return lines + [line]


def typed(page, rnd, font='Times-Roman', size=11):
    """A typed letter; what it says."""
    said = wrapped(sentences(rnd, 32), 92)
    page.setFont(font, size)
    for number, line in enumerate(said):
        page.drawString(72, 700 - number * size * 1.35, line)
    return said


def as_pdf(path, picture, quality=None):
    sheet = canvas.Canvas(path, pagesize=letter)
    draw_sheet(sheet, picture, quality)
    sheet.save()


def draw_sheet(sheet, picture, quality=None):
    if quality:
        jpeg = io.BytesIO()
        picture.save(jpeg, 'JPEG', quality=quality)
        jpeg.seek(0)
        picture = Image.open(jpeg)
    sheet.drawImage(ImageReader(picture), 0, 0, *letter)


def scanned(picture, rnd, paper, contrast):
    """As a scanner sees print: paper that is no white, uneven light, noise, a little blur and a little turned."""
    picture = picture.rotate(0.4, fillcolor=255, resample=Image.BICUBIC).filter(ImageFilter.GaussianBlur(1.1))
    light = Image.linear_gradient('L').resize(picture.size).point(lambda v: 232 + v * 23 // 255)
    ink = paper - contrast
    picture = picture.point(lambda v: ink + v * (paper - ink) // 255)
    picture = ImageChops.multiply(picture, light)
    noise = Image.effect_noise(picture.size, 14)
    return ImageChops.add(picture, noise, 1, -128)


def newspaper(rnd):
    page, said = Image.new('L', LETTER_AT_300, 255), []
    draw = ImageDraw.Draw(page)
    font, head = ImageFont.truetype(SERIF, 37), ImageFont.truetype(SERIF, 100)
    draw.text((150, 140), 'Morning Gazette', font=head, fill=0)
    said.append('Morning Gazette')
    for column in range(2):
        x, y = 150 + column * 1160, 330
        for line in wrapped(sentences(rnd, 34), 48)[:54]:
            draw.text((x, y), line, font=font, fill=0)
            said.append(line)
            y += 51
    return scanned(page, rnd, 205, 140), said


def form(sheet, rnd):
    said = []
    for row in range(14):
        y, text = 690 - row * 44, ' '.join(rnd.choice(WORDS) for _ in range(9)).capitalize()
        sheet.setFillGray((0.72, 0.82, 0.9)[row % 3])
        sheet.rect(60, y - 10, 490, 30, fill=1, stroke=1)
        sheet.setFillGray((0, 0.35, 0.2)[row % 3])
        sheet.setFont('Helvetica', 11)
        sheet.drawString(70, y, text)
        said.append(text)
    sheet.setFillGray(0.55)
    for row in range(2):
        text = ' '.join(rnd.choice(WORDS) for _ in range(11)).capitalize()
        sheet.drawString(70, 72 - row * 16, text)
        said.append(text)
    return said


def screenshot(rnd):
    page, said = Image.new('RGB', (1280, 1600), (246, 248, 250)), []
    draw = ImageDraw.Draw(page)
    font = ImageFont.truetype(SANS, 22)
    def text(xy, what, fill):
        draw.text(xy, what, font=font, fill=fill)
        said.append(what)
    draw.rectangle((0, 0, 1280, 80), fill=(36, 68, 128))
    text((40, 26), 'Orders   Invoices   Customers   Settings', (255, 255, 255))
    for row in range(12):
        y = 120 + row * 116
        draw.rounded_rectangle((40, y, 1240, y + 96), 12, fill=(255, 255, 255), outline=(208, 215, 222))
        text((64, y + 12), ' '.join(rnd.choice(WORDS) for _ in range(11)).capitalize(), (31, 35, 40))
        text((64, y + 54), ' '.join(rnd.choice(WORDS) for _ in range(8)), (110, 119, 129))
        draw.rounded_rectangle((1060, y + 48, 1220, y + 86), 8, fill=((31, 136, 61), (9, 105, 218))[row % 2])
        text((1084, y + 54), 'Approve', (255, 255, 255))
    return page, said


def handwriting(rnd):
    page, said = Image.new('L', LETTER_AT_300, 255), []
    draw = ImageDraw.Draw(page)
    for at in range(0, 3300, 59):
        draw.line((0, at, 2550, at), fill=205, width=3)
        draw.line((at, 0, at, 3300), fill=205, width=3)
    font, y = ImageFont.truetype(HAND, 96), 240
    for line in wrapped(sentences(rnd, 14), 44)[:22]:
        draw.text((220 + rnd.randint(-12, 12), y + rnd.randint(-6, 6)), line, font=font, fill=60)
        said.append(line)
        y += 130
    return scanned(page, rnd, 250, 250), said


def photograph(pictures, number):
    names = ['astronaut.png', 'coffee.png', 'chelsea.png', 'motorcycle_left.png', 'rocket.jpg']
    page = Image.new('RGB', (1700, 2200), 'white')
    for place in range(2):
        name = names[(number * 2 + place) % len(names)]
        picture = Image.open(os.path.join(pictures, name)).convert('RGB')
        picture = picture.resize((1400, 900), Image.LANCZOS)
        page.paste(picture, (150, 150 + place * 1000))
    return page


def quality_set(folder, pictures):
    rnd = random.Random(7)
    made = []
    def add(name, said):
        made.append((name, os.path.join(folder, f'{name}.pdf'), said))
    sheet = canvas.Canvas(f'{folder}/typed letter.pdf', pagesize=letter)
    add('typed letter', typed(sheet, rnd))
    sheet.save()
    picture, said = newspaper(rnd)
    as_pdf(f'{folder}/newspaper scan.pdf', picture, 80)
    add('newspaper scan', said)
    picture, said = newspaper(rnd)
    shadow = Image.linear_gradient('L').rotate(90).resize(picture.size).point(lambda v: 100 + v * 155 // 255)
    as_pdf(f'{folder}/photographed page.pdf', ImageChops.multiply(picture, shadow), 80)
    add('photographed page', said)
    as_pdf(f'{folder}/photograph.pdf', photograph(pictures, 0), 88)
    add('photograph', None)
    sheet = canvas.Canvas(f'{folder}/form with grey boxes.pdf', pagesize=letter)
    add('form with grey boxes', form(sheet, rnd))
    sheet.save()
    picture, said = screenshot(rnd)
    as_pdf(f'{folder}/screenshot.pdf', picture)
    add('screenshot', said)
    picture, said = handwriting(rnd)
    as_pdf(f'{folder}/handwriting on squares.pdf', picture, 85)
    add('handwriting on squares', said)
    return made


def speed_set(folder, pictures):
    rnd = random.Random(11)
    scans = [newspaper(rnd)[0] for _ in range(5)]
    photographs = [photograph(pictures, number) for number in range(5)]
    def build(name, pages):
        path = f'{folder}/{name}.pdf'
        sheet = canvas.Canvas(path, pagesize=letter)
        for page in pages:
            page(sheet)
            sheet.showPage()
        sheet.save()
        return name, path
    text = lambda sheet: typed(sheet, rnd)
    scan = lambda number: lambda sheet: draw_sheet(sheet, scans[number % 5], 80)
    photo = lambda number: lambda sheet: draw_sheet(sheet, photographs[number % 5], 88)
    return [
        build('text, 10 pages', [text] * 10),
        build('text, 100 pages', [text] * 100),
        build('text, 200 pages', [text] * 200),
        build('scans, 50 pages', [scan(number) for number in range(50)]),
        build('photographs, 10 pages', [photo(number) for number in range(10)]),
        build('mixed, 24 pages', [(text, scan(n), photo(n), text)[n % 4] for n in range(24)]),
    ]


def t6_bytes(tiff):
    """The bytes of all strips of all pages."""
    data = open(tiff, 'rb').read()
    order = '<' if data[:2] == b'II' else '>'
    at, total = struct.unpack_from(order + 'I', data, 4)[0], 0
    while at:
        count = struct.unpack_from(order + 'H', data, at)[0]
        for entry in range(count):
            tag, kind, values, value = struct.unpack_from(order + 'HHII', data, at + 2 + entry * 12)
            if tag == 279:
                size = {3: 2, 4: 4}[kind]
                if values * size <= 4:
                    total += struct.unpack_from(order + ('H' if kind == 3 else 'I'), data, at + 2 + entry * 12 + 8)[0]
                else:
                    form = f'{order}{values}{"H" if kind == 3 else "I"}'
                    total += sum(struct.unpack_from(form, data, value))
        at = struct.unpack_from(order + 'I', data, at + 2 + count * 12)[0]
    return total


def read_text(tiff):
    # One thread, as two of them gain nothing on one page.
    run = subprocess.run(['tesseract', tiff, '-', '--psm', '3'], capture_output=True, text=True,
                         env={**os.environ, 'OMP_THREAD_LIMIT': '1'})
    return run.stdout


def error_rate(said, read):
    """Levenshtein's distance per character, white space counted as one blank."""
    said, read = (re.sub(r'\s+', ' ', text).strip() for text in (said, read))
    row = list(range(len(read) + 1))
    for number, wanted in enumerate(said, 1):
        above, row = row, [number]
        for place, found in enumerate(read, 1):
            row.append(min(above[place] + 1, row[-1] + 1, above[place - 1] + (wanted != found)))
    return row[-1] / max(1, len(said))


def timed(command):
    """Seconds of wall time and peak memory in MB of a command; what it printed. A small program starts it, because a child
    counts the memory of who started it."""
    run = subprocess.run(['/usr/bin/time', '-f', '%e %M', *command], capture_output=True, text=True)
    assert run.returncode == 0, f'{command}: {run.stderr}'
    seconds, kilobytes = run.stderr.split()[-2:]
    return float(seconds), int(kilobytes) / 1024, run.stdout


def ghostscript(source, target, *options):
    return ['gs', '-q', '-dNOPAUSE', '-dBATCH', '-dSAFER', '-sDEVICE=tiffg4', '-r204x196', *options,
            f'-sOutputFile={target}', source]


def quality(fax_pages, pictures, folder):
    print('| page | CER, ours | CER, tiffg4 | T.6 bytes, ours | T.6 bytes, tiffg4 | ratio |\n|---|---|---|---|---|---|')
    for name, source, said in quality_set(folder, pictures):
        ours, theirs = f'{folder}/{name}.ours.tiff', f'{folder}/{name}.gs.tiff'
        timed([fax_pages, source, ours])
        timed(ghostscript(source, theirs))
        rates = ['-', '-']
        if said:
            rates = [f'{error_rate(" ".join(said), read_text(tiff)):.2%}' for tiff in (ours, theirs)]
        sizes = [t6_bytes(tiff) for tiff in (ours, theirs)]
        print(f'| {name} | {rates[0]} | {rates[1]} | {sizes[0]} | {sizes[1]} | {sizes[0] / sizes[1]:.2f} |', flush=True)


def speed(fax_pages, pictures, folder, rounds=3):
    print('\n| document | ours, s | tiffg4, s | times faster | ours, MB | tiffg4, MB | first page, ms | of tiffg4\'s whole |')
    print('|---|---|---|---|---|---|---|---|')
    for name, source in speed_set(folder, pictures):
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(timed([fax_pages, source, f'{folder}/ours.tiff']))
            theirs.append(timed(ghostscript(source, f'{folder}/gs.tiff')))
        seconds = [min(run[0] for run in runs) for runs in (ours, theirs)]
        memory = [max(run[1] for run in runs) for runs in (ours, theirs)]
        first = min(float(re.search(r'first page after (\d+) ms', run[2])[1]) for run in ours)
        print(f'| {name} | {seconds[0]:.2f} | {seconds[1]:.2f} | {seconds[1] / seconds[0]:.1f} | {memory[0]:.0f} '
              f'| {memory[1]:.0f} | {first:.0f} | 1/{seconds[1] * 1000 / max(first, 1):.0f} |', flush=True)


def main():
    fax_pages, pictures, folder, *part = sys.argv[1:]
    part = part[0] if part else 'all'
    if part in ('quality', 'all'):
        quality(fax_pages, pictures, folder)
    if part in ('speed', 'all'):
        speed(fax_pages, pictures, folder)


if __name__ == '__main__':
    main()
