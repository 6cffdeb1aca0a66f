-- What pandoc's writers lack: alternative texts in Typst, our boxes in every format, tables that scroll in HTML.
local BOXES = { headline = "Headline", note = "Note", stamp = "Stamp", ["table-note"] = "Table Note" }

-- A printed table takes up to the whole width of the page, each column its share, at the first of these font sizes (points) and
-- longest lines (in half-width cells; a Chinese character counts two) at which all fits, else at the last.
local PAGE, PADDING = 465, 10 -- points
local AIR = 1.5 -- a small table is that much wider than it must be, not as wide as the page
local FITS = {
  { 9, 90 }, { 8.4, 90 }, { 9, 48 }, { 8.4, 48 }, { 7.6, 90 }, { 9, 36 }, { 8.4, 36 }, { 7.6, 36 },
  { 8.4, 26 }, { 8.4, 20 }, { 7.6, 26 }, { 7.6, 20 }, { 6.8, 26 }, { 6.8, 16 },
}
local WHOLE = 10 -- rows up to which a table is not split over pages

local function quoted(text)
  return '"' .. text:gsub("\\", "\\\\"):gsub('"', '\\"') .. '"'
end

local function typst(blocks)
  local text = pandoc.write(pandoc.Pandoc(blocks), { format = "typst", extensions = { smart = false } }, { wrap_text = "none" })
  return (text:gsub("%s+$", ""))
end

-- Typst: PDF/UA-1 asks an alternative text of every equation and image; of an equation it is its TeX source.
local function typst_math(math)
  local block = tostring(math.mathtype == "DisplayMath")
  -- pandoc 3.9 still writes times.circle, which Typst 0.15 calls times.o
  local body = typst({ pandoc.Plain({ math }) }):gsub("%.circle%f[%A]", ".o")
  return pandoc.RawInline("typst", "#math.equation(block: " .. block .. ", alt: " .. quoted(math.text) .. ", " .. body .. ")")
end

local function typst_image(image)
  local alt = quoted(pandoc.utils.stringify(image.caption))
  return pandoc.RawInline("typst", "#image(" .. quoted(image.src) .. ", width: image-width, alt: " .. alt .. ")")
end

local function typst_figure(figure)
  local label = figure.identifier ~= "" and "\n<" .. figure.identifier .. ">" or ""
  local parts = "[" .. typst(figure.content) .. "], caption: [" .. typst(figure.caption.long) .. "]"
  return pandoc.RawBlock("typst", "#figure(placement: image-place, " .. parts .. ")" .. label)
end

local function column_lengths(tbl)
  local lengths = {}
  for i = 1, #tbl.colspecs do
    lengths[i] = 4
  end
  local function measure(rows, boldness)
    for _, row in ipairs(rows) do
      for i, cell in ipairs(row.cells) do
        local length = pandoc.layout.real_length(pandoc.utils.stringify(cell.contents))
        lengths[i] = math.max(lengths[i], boldness * length)
      end
    end
  end
  measure(tbl.head.rows, 1.12)
  for _, body in ipairs(tbl.bodies) do
    measure(body.body, 1)
  end
  return lengths
end

local function widths_at(lengths, size, longest)
  local widths, total = {}, 0
  for i, length in ipairs(lengths) do
    widths[i] = math.min(length, longest) * 0.54 * size + PADDING
    total = total + widths[i]
  end
  return widths, total
end

-- Gives every column its share of the width; returns the font size.
local function fit(tbl)
  local lengths = column_lengths(tbl)
  for n, candidate in ipairs(FITS) do
    local widths, total = widths_at(lengths, candidate[1], candidate[2])
    if total <= PAGE or n == #FITS then
      local share = math.min(1, AIR * total / PAGE)
      for i, spec in ipairs(tbl.colspecs) do
        tbl.colspecs[i] = { spec[1], share * widths[i] / total }
      end
      return candidate[1]
    end
  end
end

local function typst_table(tbl)
  local rows = 0
  for _, body in ipairs(tbl.bodies) do
    rows = rows + #body.body
  end
  tbl.attributes["typst:text:size"] = fit(tbl) .. "pt"
  local rule = "#show figure.where(kind: table): set block(breakable: " .. tostring(rows > WHOLE) .. ")"
  return { pandoc.RawBlock("typst", "#[\n" .. rule), tbl, pandoc.RawBlock("typst", "]") }
end

local function typst_box(div)
  for class in pairs(BOXES) do
    if div.classes:includes(class) then
      local blocks = pandoc.Blocks({ pandoc.RawBlock("typst", "#" .. class .. "[") })
      blocks:extend(div.content)
      blocks:insert(pandoc.RawBlock("typst", "]"))
      return blocks
    end
  end
end

local function styled(style)
  return pandoc.Attr("", {}, { ["custom-style"] = style })
end

-- Word: drawings as PNG, boxes as paragraph styles of reference.docx.
local function docx_image(image)
  image.src = image.src:gsub("%.svg$", ".png")
  image.attributes.width = "100%"
  return image
end

-- The size is a paragraph style of reference.docx: "Table 9", "Table 8.4" and so on.
local function docx_table(tbl)
  local style = styled("Table " .. fit(tbl))
  local small = tbl:walk({
    Plain = function(plain)
      return pandoc.Div({ pandoc.Para(plain.content) }, style)
    end,
  })
  small.caption = tbl.caption
  return small
end

local function docx_box(div)
  for class, style in pairs(BOXES) do
    if div.classes:includes(class) then
      div.attributes["custom-style"] = style
      return div
    end
  end
end

-- Word: the lines under the title, and a table of contents that is a field of Word and already filled in.
local MANY = 40 -- headings from which on the contents list chapters only

local function front_lines(meta)
  local lines = pandoc.Inlines({})
  for i, entry in ipairs(meta.front or {}) do
    if i > 1 then
      lines:insert(pandoc.LineBreak())
    end
    lines:insert(pandoc.Str(pandoc.utils.stringify(entry.line)))
  end
  return #lines > 0 and { pandoc.Div({ pandoc.Para(lines) }, styled("Front Matter")) } or {}
end

local function headings(blocks)
  local found, numbers, deep = {}, { 0, 0 }, 0
  for _, block in ipairs(blocks) do
    if block.t == "Header" and block.level <= 2 then
      numbers[block.level] = numbers[block.level] + 1
      if block.level == 1 then
        numbers[2] = 0
      end
      deep = math.max(deep, block.level)
      local number = table.concat(numbers, ".", 1, block.level)
      table.insert(found, { level = block.level, number = number, id = block.identifier, text = block.content })
    end
  end
  return found, deep
end

local function field(kind, code)
  local text = code and '<w:instrText xml:space="preserve">' .. code .. "</w:instrText>" or ""
  local char = '<w:r><w:fldChar w:fldCharType="' .. kind .. '" /></w:r>'
  return pandoc.RawInline("openxml", char .. (code and "<w:r>" .. text .. "</w:r>" or ""))
end

local function contents(doc)
  local found, deep = headings(doc.blocks)
  deep = #found > MANY and 1 or deep
  local entries = {}
  for _, heading in ipairs(found) do
    if heading.level <= deep then
      local line = pandoc.Inlines({ pandoc.Str(heading.number), pandoc.Space() }) .. heading.text
      local link = pandoc.Inlines({ pandoc.Link(line, "#" .. heading.id) })
      table.insert(entries, { link, styled("Contents " .. heading.level) })
    end
  end
  entries[1][1]:insert(1, field("separate"))
  entries[1][1]:insert(1, field("begin", 'TOC \\o "1-' .. deep .. '" \\h \\u'))
  entries[#entries][1]:insert(field("end"))
  local title = pandoc.Div({ pandoc.Para(doc.meta.contents) }, styled("Contents Title"))
  local blocks = pandoc.Blocks({ title })
  for _, entry in ipairs(entries) do
    blocks:insert(pandoc.Div({ pandoc.Para(entry[1]) }, entry[2]))
  end
  return blocks
end

local function docx_document(doc)
  local before = pandoc.Blocks(front_lines(doc.meta))
  if doc.meta.contents then
    before:extend(contents(doc))
  end
  doc.blocks = before .. doc.blocks
  return doc
end

-- HTML: a wide table scrolls inside its own box, which the keyboard can reach; header cells say what they head.
local scroll_label = ""

local function html_meta(meta)
  scroll_label = pandoc.utils.stringify(meta.scroll)
end

local function scoped(rows, scope, columns)
  for _, row in ipairs(rows) do
    for i = 1, math.min(columns, #row.cells) do
      row.cells[i].attributes.scope = scope
    end
  end
end

-- The first cell of a line names the line.
local function html_headers(tbl)
  scoped(tbl.head.rows, "col", #tbl.colspecs)
  for _, body in ipairs(tbl.bodies) do
    body.row_head_columns = 1
    scoped(body.body, "row", 1)
  end
end

local function html_table(tbl)
  html_headers(tbl)
  local label = scroll_label .. ": " .. pandoc.utils.stringify(tbl.caption.long)
  -- pairs, not a table with keys: those come out in another order each time
  local attributes = { { "role", "region" }, { "tabindex", "0" }, { "aria-label", label } }
  return pandoc.Div({ tbl }, pandoc.Attr("", { "scroll" }, attributes))
end

if FORMAT == "typst" then
  return { { Math = typst_math, Image = typst_image }, { Figure = typst_figure, Table = typst_table, Div = typst_box } }
elseif FORMAT == "docx" then
  return { { Image = docx_image, Table = docx_table, Div = docx_box }, { Pandoc = docx_document } }
end
return { { Meta = html_meta }, { Table = html_table } }
