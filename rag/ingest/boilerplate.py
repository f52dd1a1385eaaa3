"""The words by which leftovers of a web page are known, in several languages."""

from __future__ import annotations

import re

_HEADINGS = """
related posts; related post; related articles; related article; related stories; related story; related news;
related content; related topics; related links; related coverage; related reading; related; you may also like;
you might also like; you may also be interested in; you might also be interested in; more on this story;
more on this; more from this section; more stories; more news; more like this; more to explore; recommended;
recommended for you; recommended stories; recommended articles; recommended reading; read more; read also;
read next; also read; see also; next article; previous article; most popular; most read; most viewed;
most shared; most commented; trending; trending now; trending stories; popular posts; popular articles;
recent posts; recent articles; latest news; latest stories; top stories; editor's picks; editors' picks;
editor's choice; what to read next; what others are reading; from around the web; around the web;
sponsored; sponsored content; sponsored stories; promoted content; promoted stories; paid content; tags; share;
share this; share this article; share this story; share this post; share on facebook; share on twitter; share via;
share on; follow us; follow us on; connect with us; stay connected; about the author; advertisement;
leave a reply; leave a comment; leave a response; post a comment; add a comment; write a comment; comments;
view comments; show comments; join the conversation; join the discussion; have an opinion on this story?;
cancel reply; your comment; newsletter; sign up for our newsletter; subscribe to our newsletter;
subscribe; get our newsletter; share this:; like this:; like loading...;

ilgili haberler; ilgili yazılar; ilgili içerikler; ilgili konular; ilgili haber; benzer haberler; benzer yazılar;
benzer içerikler; bunlar da ilginizi çekebilir; ilginizi çekebilir; bunları da okuyun; ayrıca okuyun;
ayrıca bakınız; diğer haberler; son haberler; son yazılar; en çok okunanlar; en çok okunan haberler; çok okunanlar;
popüler haberler; öne çıkanlar; günün öne çıkanları; önerilen haberler; bir cevap yazın; cevap yazın;
yanıt bırakın; bir yanıt yazın; yorum yapın; yorum yaz; yorum bırakın; yorumlar; cevabı iptal et; yanıtı iptal et;
etiketler; paylaş; bunu paylaş; bizi takip edin; reklam; devamını oku; haberin devamı; bültenimize abone olun;

artículos relacionados; noticias relacionadas; entradas relacionadas; contenido relacionado; te puede interesar;
también te puede interesar; te recomendamos; lee también; lea también; leer más; más noticias; más leídas;
lo más leído; lo más visto; más información; últimas noticias; deja una respuesta; deja un comentario;
dejar un comentario; comentarios; cancelar la respuesta; compartir; comparte; síguenos; publicidad; etiquetas;
suscríbete a nuestro boletín;

articles similaires; articles liés; à lire aussi; lire aussi; à lire également; lire la suite; sur le même sujet;
les plus lus; les plus partagés; dans la même rubrique; vous aimerez aussi; à découvrir; laisser un commentaire;
laissez un commentaire; poster un commentaire; commentaires; annuler la réponse; partager; partager cet article;
suivez-nous; publicité; mots-clés; abonnez-vous à notre newsletter; inscrivez-vous à notre newsletter;

ähnliche beiträge; ähnliche artikel; verwandte artikel; verwandte beiträge; verwandte themen; lesen sie auch;
lesen sie mehr; mehr zum thema; mehr lesen; weiterlesen; das könnte sie auch interessieren;
das könnte ihnen auch gefallen; meistgelesen; meistgelesene artikel; am meisten gelesen; neueste beiträge;
schreibe einen kommentar; hinterlasse einen kommentar; kommentar verfassen; kommentare; antworten abbrechen;
teilen; folgen sie uns; anzeige; werbung; schlagwörter; newsletter abonnieren;

articoli correlati; leggi anche; leggi di più; potrebbe interessarti; potrebbero interessarti; i più letti;
lascia un commento; lascia una risposta; annulla risposta; commenti; condividi; seguici; pubblicità;

artigos relacionados; notícias relacionadas; leia também; leia mais; veja também; mais lidas; deixe um comentário;
deixe uma resposta; deixe um comentário cancelar resposta; comentários; compartilhe; compartilhar; publicidade;
siga-nos;

gerelateerde artikelen; gerelateerd; lees ook; lees meer; meest gelezen; geef een reactie; laat een reactie achter;
reacties; reactie annuleren; deel dit artikel; delen; volg ons; advertentie;

похожие статьи; похожие новости; читайте также; читать также; по теме; материалы по теме; самое читаемое;
добавить комментарий; оставить комментарий; отменить ответ; комментарии; поделиться; реклама;

مقالات ذات صلة; اقرأ أيضا; اقرأ أيضاً; مواضيع ذات صلة; الأكثر قراءة; اترك تعليقا; اترك تعليقاً;
اترك رد; شارك; إعلان;

相关文章; 相关新闻; 相关阅读; 相关报道; 相关推荐; 相關文章; 相關新聞; 延伸阅读; 延伸閱讀; 推荐阅读;
推薦閱讀; 猜你喜欢; 热门文章; 热门新闻; 热门推荐; 最新文章; 最新新闻; 发表回复; 发表评论; 發表評論;
發佈留言; 發表迴響; 取消回复; 评论; 留言; 分享; 分享到; 关注我们; 广告;
阅读更多; 閱讀更多;
関連記事; 関連ニュース; あわせて読みたい; おすすめ記事; 人気記事; コメントを残す; コメントする;
コメント; シェアする; 広告;
관련기사; 관련 기사; 관련 뉴스; 많이 본 뉴스; 인기기사; 댓글; 댓글 남기기; 공유하기; 광고
"""


def _set(entries: str) -> frozenset[str]:
    return frozenset(" ".join(entry.replace("ı", "i").split()) for entry in entries.split(";") if entry.strip())


_LINKS = _set(
    """
related; related articles; related stories; related story; related news; related coverage; related links;
more news; more stories; more on this; more on this story; recommended; recommended reading; see also; also read;
read also; read more; read next; trending; latest news; top stories; tags; share; share on; subscribe; newsletter;
comments; advertisement; sponsored; don't miss; benzer haberler; ilgili haber; ilgili haberler; ayrıca okuyun;
devamını oku; haberin devamı; diğer haberler; son haberler; etiketler; paylaş; reklam; lee también; lea también;
leer más; más noticias; más información; últimas noticias; etiquetas; compartir; comparte; publicidad; lire aussi;
à lire aussi; à lire également; lire la suite; partager; publicité; mots-clés; lesen sie auch; mehr zum thema;
mehr lesen; weiterlesen; teilen; anzeige; werbung; schlagwörter; leggi anche; leggi di più; condividi; pubblicità;
leia também; leia mais; veja também; compartilhar; publicidade; lees ook; lees meer; delen; advertentie;
читайте также; по теме; поделиться; реклама; اقرأ أيضا; اقرأ أيضاً; إعلان; 相关阅读; 相关新闻;
延伸阅读; 阅读更多; 閱讀更多;
分享; 广告; 広告; 関連記事; 관련기사; 광고
"""
)
"""Headings that also stand in the middle of an article: they take only the links below them along."""

_TAIL = _set(_HEADINGS) - _LINKS

_FORMS = (
    r"your e-?mail address will not be published",
    r"required fields are marked",
    r"save my name,? e-?mail,? and website in this browser",
    r"notify me of (?:follow-?up comments|new posts) by e-?mail",
    r"you must be logged in to post a comment",
    r"this site uses akismet",
    r"e-?posta (?:hesabınız|adresiniz) yayı[mn]lanmayacak",
    r"gerekli alanlar .{0,5} ?ile işaretlenmişlerdir",
    r"daha sonraki yorumlarımda kullanılması için",
    r"yorum yapabilmek için .{0,10}(?:oturum aç|giriş yap)",
    r"tu dirección de correo electrónico no será publicada",
    r"los campos (?:obligatorios|necesarios) están marcados",
    r"votre adresse (?:e-?mail|de messagerie) ne sera pas publiée",
    r"les champs obligatoires sont indiqués",
    r"deine e-?mail-?adresse wird nicht veröffentlicht",
    r"ihre e-?mail-?adresse wird nicht veröffentlicht",
    r"erforderliche felder sind (?:mit|markiert)",
    r"il tuo indirizzo e-?mail non sarà pubblicato",
    r"i campi obbligatori sono contrassegnati",
    r"o seu endereço de e-?mail não será publicado",
    r"campos obrigatórios são marcados",
    r"je e-?mailadres (?:zal|wordt) niet (?:worden )?gepubliceerd",
    r"ваш (?:адрес )?e-?mail не будет опубликован",
    r"обязательные поля помечены",
    r"您的(?:电子)?邮箱地址不会被公开",
    r"您的电子(?:邮箱|邮件)地址不会被公开",
    r"發佈留言必須填寫的電子郵件地址不會公開",
    r"必填项已用",
    r"メールアドレスが公開されることはありません",
    r"이메일 주소는 공개되지 않습니다",
)
_FORM = re.compile("^(?:" + "|".join(_FORMS) + ")", re.IGNORECASE)

_NETWORK = (
    r"(?:twitter|x|facebook|instagram|tiktok|youtube|threads|linkedin|telegram|whatsapp|snapchat|mastodon|bluesky)"
)
_PROMOS = (
    # Sign-ups.
    r"(?:(?:click here to )?(?:sign up|subscribe|register)|get|join|receive)\b[^.!?]{0,120}\bnewsletters?\b.{0,120}",
    r"(?:sign up|subscribe)\b.{0,80}"
    r"\b(?:our|free|daily|weekly|breaking news|alerts?|podcast|channel|inbox|here|today)\b.{0,60}",
    r"would you like to receive\b.{0,80}\bnewsletter ?\?",
    r"(?:abone olun|bültenimize abone olun).{0,80}",
    r"(?:abonnez-vous|inscrivez-vous)\b.{0,60}\b(?:newsletter|infolettre)\b.{0,60}",
    r"(?:suscríbete|suscríbase)\b.{0,60}\b(?:boletín|newsletter)\b.{0,60}",
    r"(?:abonnieren sie|melden sie sich)\b.{0,60}\bnewsletter\b.{0,60}",
    # Following and sharing.
    r"(?:follow|like|find|join|connect with) (?:us|the [\w ]{2,40}|@?[\w.’'-]+(?: @?[\w.’'-]+){0,5}) on "
    rf"{_NETWORK}\b.{{0,100}}",
    r"(?:share|tweet|post|paylaş|teilen|compartir|partager)"
    r"(?: (?:this|on|via|with|by|it|article|story|to|auf|en|sur))* "
    rf"(?:{_NETWORK}|e-?mail|pinterest|reddit)(?:[ ,|/]+(?:{_NETWORK}|e-?mail|pinterest|reddit|and|print|copy link))*",
    rf"(?:{_NETWORK}|e-?mail|pinterest|reddit|print|copy link|share|tweet)"
    rf"(?:[ ,|/·•]+(?:{_NETWORK}|e-?mail|pinterest|reddit|print|copy link|share|tweet))+",
    # Advertising and players.
    r"advertisements?|story continues below(?: advertisement)?|article continues (?:below|after)\b.{0,40}",
    r"skip (?:ad|advertisement|to (?:main )?content|past newsletter promotion)|after newsletter promotion",
    r"(?:loading|please wait)(?:\.\.\.|…)|video player is loading\.?|this video (?:can ?not|can't) be played",
    r"(?:click|tap) (?:here|to) .{0,80}",
    # Cookies.
    r"(?:we|this (?:web)?site|our (?:web)?site) uses? cookies\b.{0,200}",
    r"by (?:continuing to (?:use|browse)|using) (?:this|our) (?:web)?site,? you (?:agree|consent)\b.{0,150}",
    r"(?:accept|reject|manage|allow)(?: all)? cookies|cookie (?:settings|preferences|policy)",
    r"(?:bu (?:web )?sitesi|sitemizde|web sitemizde).{0,40}çerez(?:ler)? kullan.{0,150}",
    r"(?:nous utilisons|ce site utilise) des cookies\b.{0,200}",
    r"(?:wir verwenden|diese (?:web)?seite verwendet) cookies\b.{0,200}",
    r"(?:utilizamos|este sitio (?:web )?utiliza) cookies\b.{0,200}",
)
_PROMO = re.compile("(?:" + "|".join(_PROMOS) + ")", re.IGNORECASE)


def _bare(line: str) -> str:
    """The line without case (Turkish too) and without the marks around it."""
    low = line.casefold().replace("’", "'").replace("i\u0307", "i").replace("ı", "i")
    return " ".join(low.strip(" \t:»>›→…-–—|*#•[](){}▼▸").split())


def is_tail_heading(line: str) -> bool:
    """Whether a line on its own is the heading of leftovers that only stand behind an article."""
    return len(line) <= 60 and _bare(line) in _TAIL


def is_links_heading(line: str) -> bool:
    """Whether a line on its own is the heading of links that may stand anywhere."""
    return len(line) <= 60 and _bare(line) in _LINKS


def is_tail_line(line: str) -> bool:
    """Whether a line is part of a comment form, which only stands behind an article."""
    return len(line) <= 400 and _FORM.match(line.replace("i\u0307", "i")) is not None


def is_promo(line: str) -> bool:
    """Whether a line on its own is an advertisement, a sign-up, a share bar or a cookie note."""
    return len(line) <= 300 and _PROMO.fullmatch(line) is not None and _SPEECH.search(line) is None


_SPEECH = re.compile(r"[“”\"«»]|\b(?:said|says|told|according to|added)\b", re.IGNORECASE)
